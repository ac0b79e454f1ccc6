internal import Crypto
package import SharedSignals
internal import Synchronization

/// One transmitter: what its tokens must be like, and the secret by which it is known when it pushes.
package final class SignalPeer: Sendable {
    package let transmitter: Transmitter
    /// The SHA-256 of its bearer token; nil when it pushes nothing.
    let pushDigest: [UInt8]?
    private let keys: Mutex<TokenReader>

    /// - Parameter pushToken: random, 16 bytes or more; nil when it pushes nothing.
    package init(_ transmitter: Transmitter, keys: KeySet, pushToken: [UInt8]?) {
        self.transmitter = transmitter
        pushDigest = pushToken.map { Array(SHA256.hash(data: $0)) }
        self.keys = Mutex(TokenReader(transmitter, keys: keys))
    }

    /// Reads tokens with these keys from now on.
    package func replaceKeys(_ new: KeySet) {
        let reader = TokenReader(transmitter, keys: new)
        keys.withLock { $0 = reader }
    }

    package var reader: TokenReader { keys.withLock { $0 } }
}
