import CNetfilter
import Glibc
package import RulesetCompiler
import Sessions

/// What the backend says to the kernel, step by step. Belongs to one thread.
package struct NetlinkConnection: ~Copyable {
    private var socket: NetlinkSocket?
    private var sequence: UInt32 = 1
    /// The generation that the next commit builds on; nil when it must be asked for.
    var generation: UInt32?
    var hasDestroy: Bool?
    /// Of the socket; nil where it has none.
    private var port: UInt32?
    /// What belongs to the socket, and is made anew with each; nil when nothing does.
    private var held: Transaction?
    /// Hears what others change; nil until it is asked for.
    private var watch: ForeignChangeWatch?

    /// Times that a commit is tried when somebody else's came between. Others that commit without a rest win several times in
    /// a row; each try costs some microseconds.
    static let attempts = 64
    /// Times that a dump is begun anew for the same reason: of many sessions each takes up to a third of a second.
    static let readings = 8

    init(hasDestroy: Bool?) { self.hasDestroy = hasDestroy }

    /// A refusal of one message, or of the whole exchange when `index` is nil.
    struct Refusal: Error {
        var index: Int?
        var errno: Int32
        var detail: String
    }

    /// Commits the batch on top of the generation that we know. When it is another by now, somebody else changed
    /// rules (of whatever table): the new one is asked for and the batch sent again.
    ///
    /// - Returns: The generation that it made; nil when there was nothing to do.
    @discardableResult
    mutating func commit(_ transaction: Transaction) throws(CommitFailure) -> UInt32? {
        guard let watch, transaction.elementCount > Self.manyElements else {
            return try commitNow(transaction)
        }
        watch.pause()
        let result: Result<UInt32?, CommitFailure>
        do throws(CommitFailure) {
            result = .success(try commitNow(transaction))
        } catch {
            result = .failure(error)
        }
        resume(watch)
        return try result.get()
    }

    /// Elements from which on the kernel's messages about our own batch cost more than to do without them.
    private static let manyElements = 256

    /// Hears again. Whoever changed something before our batch changed what it was made for, and the batch was made
    /// anew; whoever did after it is seen by the generation. After a batch that failed nobody knows what is there, and
    /// whoever asked for it begins anew.
    private mutating func resume(_ watch: ForeignChangeWatch) {
        let made = generation
        do {
            try watch.join()
            guard let made else { return }
            generation = nil
            if try currentGeneration() == made { return }
        } catch {}
        watch.tellOfLoss()
    }

    @discardableResult
    private mutating func commitNow(_ transaction: Transaction) throws(CommitFailure) -> UInt32? {
        var last = Refusal(index: nil, errno: ERESTART, detail: "")
        for _ in 0..<Self.attempts {
            do throws(Refusal) {
                try commitOnce(transaction)
                return generation
            } catch {
                last = error
                generation = nil
                guard error.index == nil, error.errno == ERESTART else { break }
            }
        }
        throw transaction.failure(at: last.index, errno: last.errno, detail: last.detail)
    }

    private mutating func commitOnce(_ transaction: Transaction) throws(Refusal) {
        let generation = try currentGeneration()
        let operations = try supported(transaction)
        guard !operations.isEmpty else { return }
        let first = take(operations.count + 2)
        try send(
            Self.batch(transaction.table, operations.map(\.operation), from: first, generation: generation))
        var isAcknowledged = false
        var refusal: Refusal?
        while let datagram = try receive() {
            for answer in ReceivedMessage.all(in: datagram).compactMap(\.answer) {
                let place = Int(answer.sequence &- first) - 1
                guard answer.errno != 0 else {
                    isAcknowledged = true
                    continue
                }
                let index = operations.indices.contains(place) ? operations[place].index : nil
                refusal = refusal ?? Refusal(index: index, errno: answer.errno, detail: answer.detail)
            }
        }
        if let refusal { throw refusal }
        guard isAcknowledged else { throw Refusal(index: nil, errno: EIO, detail: "no acknowledgement") }
        // The kernel counts one up a commit and leaves 0 out.
        self.generation = generation == .max ? 1 : generation + 1
    }

    /// The batch's bytes: begin, one message an operation, end. The last operation asks for the acknowledgement: one
    /// on each would overflow the socket, and one on the end is answered by newer kernels alone.
    package static func batch(
        _ table: String, _ operations: [Operation], from first: UInt32, generation: UInt32?
    ) -> [UInt8] {
        var writer = MessageWriter()
        let subsystem = UInt16(NFNL_SUBSYS_NFTABLES)
        writer.message(
            UInt16(NFNL_MSG_BATCH_BEGIN), sequence: first, family: UInt8(AF_UNSPEC), resource: subsystem
        ) { writer in
            if let generation { writer.attribute(NFNL_BATCH_GENID, generation) }
        }
        let operationWriter = OperationWriter(table: table)
        for (offset, operation) in operations.enumerated() {
            let isLast = offset == operations.count - 1
            operationWriter.write(
                operation, sequence: first &+ 1 &+ UInt32(offset), flags: isLast ? NLM_F_ACK : 0, to: &writer)
        }
        writer.message(
            UInt16(NFNL_MSG_BATCH_END), sequence: first &+ 1 &+ UInt32(operations.count),
            family: UInt8(AF_UNSPEC), resource: subsystem)
        return writer.bytes
    }

    /// From here on, what others change is told to the handler; in place of the handler before.
    mutating func watch(
        _ tables: [String], clock: @escaping @Sendable () -> Instant,
        _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) throws(CommitFailure) {
        do throws(Refusal) {
            try open()
            do throws(NetlinkSocket.Failure) {
                watch = try ForeignChangeWatch(tables: Set(tables), clock: clock, handler)
            } catch {
                throw Refusal(index: nil, errno: error.errno, detail: error.call)
            }
            try leaveOurselvesOut()
        } catch {
            throw CommitFailure(
                operation: "watch", object: "nf_tables", errno: error.errno, index: nil, count: 0,
                detail: error.detail)
        }
    }

    /// From here on, the table is there as long as the socket, and again with each that follows.
    mutating func hold(_ transaction: Transaction) throws(CommitFailure) {
        held = nil
        try commitNow(transaction)
        held = transaction
    }

    mutating func interfaceIndex(named name: String) -> UInt32? {
        try? open()
        return socket?.interfaceIndex(named: name)
    }
}

// MARK: Talking

extension NetlinkConnection {
    mutating func take(_ count: Int) -> UInt32 {
        defer { sequence = sequence &+ UInt32(truncatingIfNeeded: count) }
        return sequence
    }

    private mutating func open() throws(Refusal) {
        guard socket == nil else { return }
        do throws(NetlinkSocket.Failure) {
            let opened = try NetlinkSocket()
            port = opened.port
            socket = consume opened
            generation = nil
        } catch {
            throw Refusal(index: nil, errno: error.errno, detail: error.call)
        }
        try leaveOurselvesOut()
        guard let held else { return }
        // The table of the socket before went with it. Whoever asked to hold it was told whether the kernel can.
        do throws(CommitFailure) {
            try commitNow(held)
        } catch {
            throw Refusal(index: nil, errno: error.errno, detail: error.detail)
        }
    }

    /// What the new socket does is not a foreign change.
    private func leaveOurselvesOut() throws(Refusal) {
        do throws(NetlinkSocket.Failure) {
            if let port { try watch?.ignore(port: port) }
        } catch {
            throw Refusal(index: nil, errno: error.errno, detail: error.call)
        }
    }

    mutating func send(_ bytes: [UInt8]) throws(Refusal) {
        try open()
        do throws(NetlinkSocket.Failure) {
            try socket?.send(bytes)
        } catch {
            throw broken(error)
        }
    }

    mutating func receive() throws(Refusal) -> ArraySlice<UInt8>? {
        do throws(NetlinkSocket.Failure) {
            return try socket?.receive() ?? nil
        } catch {
            throw broken(error)
        }
    }

    /// A socket that failed may hold half an exchange: the next call starts with a new one.
    private mutating func broken(_ failure: NetlinkSocket.Failure) -> Refusal {
        socket = nil
        generation = nil
        return Refusal(index: nil, errno: failure.errno, detail: failure.call)
    }

    /// Sends one request outside of a batch and collects the payloads of `type` that answer it.
    mutating func ask(
        _ request: UInt16, flags: Int32, for type: UInt16, family: UInt8 = UInt8(NFPROTO_INET),
        _ body: (inout MessageWriter) -> Void = { _ in }
    ) throws(Refusal) -> [ReceivedMessage] {
        let sequence = take(1)
        var writer = MessageWriter()
        writer.message(
            OperationWriter.type(request), flags: flags, sequence: sequence, family: family, body)
        try send(writer.bytes)
        var found: [ReceivedMessage] = []
        while let datagram = try receive() {
            for message in ReceivedMessage.all(in: datagram) where message.sequence == sequence {
                if let answer = message.answer, answer.errno != 0 {
                    throw Refusal(index: nil, errno: answer.errno, detail: answer.detail)
                }
                if message.type == OperationWriter.type(type) { found.append(message) }
            }
        }
        return found
    }

    mutating func currentGeneration() throws(Refusal) -> UInt32 {
        if let generation { return generation }
        let answers = try ask(
            UInt16(NFT_MSG_GETGEN.rawValue), flags: 0, for: UInt16(NFT_MSG_NEWGEN.rawValue),
            family: UInt8(AF_UNSPEC))
        guard let number = answers.first?.attributes.first(NFTA_GEN_ID)?.network(UInt32.self) else {
            throw Refusal(index: nil, errno: EIO, detail: "no generation")
        }
        generation = number
        return number
    }
}
