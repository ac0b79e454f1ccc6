internal import Crypto
internal import Evidence
internal import Sessions
package import SharedSignals
internal import Synchronization

/// One transmitter: what its tokens must be like, and the secret by which it is known when it pushes.
package final class SignalPeer: Sendable {
    package let transmitter: Transmitter
    /// The SHA-256 of its bearer token; nil when it pushes nothing.
    let pushDigest: [UInt8]?
    private let file: Mutex<KeySet>
    private let fetched: FetchedKeys?

    /// - Parameter pushToken: random, 16 bytes or more; nil when it pushes nothing.
    package init(_ transmitter: Transmitter, keys: KeySet, pushToken: [UInt8]?) {
        self.transmitter = transmitter
        pushDigest = pushToken.map { Array(SHA256.hash(data: $0)) }
        file = Mutex(keys)
        fetched = nil
    }

    /// One that publishes its keys.
    package init(_ transmitter: Transmitter, keys: FetchedKeys, pushToken: [UInt8]?) {
        self.transmitter = transmitter
        pushDigest = pushToken.map { Array(SHA256.hash(data: $0)) }
        file = Mutex(.none)
        fetched = keys
    }

    /// Reads tokens with these keys of a file from now on.
    package func replaceKeys(_ new: KeySet) { file.withLock { $0 = new } }

    /// Whether there is a key by which a token could be good.
    package var hasKeys: Bool { !keys.isEmpty }
    /// Why its keys could not be fetched when that was last tried; nil where they come from a file.
    package var keysFault: String? { fetched?.fault }

    private var keys: KeySet { fetched?.keys ?? file.withLock { $0 } }

    enum Reading: Sendable {
        case signal(ReceivedSignal)
        case refused(TokenProblem)
        /// Its key may be one that is published and cannot be fetched: a refusal would lose it for ever.
        case notNow
    }

    /// What a token says. Where its key is not known, keys are fetched first, if they are fetched at all.
    func read(_ bytes: [UInt8], at now: Instant) async -> Reading {
        let first = Self.read(bytes, at: now, reader)
        guard let fetched, case .refused(.unknownKey) = first else { return first }
        switch await fetched.renew() {
        case .current: return Self.read(bytes, at: now, reader)
        case .unknown: return .notNow
        }
    }

    private var reader: TokenReader {
        TokenReader(transmitter, keys: keys)
    }

    private static func read(_ bytes: [UInt8], at now: Instant, _ reader: TokenReader) -> Reading {
        do throws(TokenProblem) {
            return .signal(try reader.read(bytes, at: now))
        } catch {
            return .refused(error)
        }
    }
}
