import CLinux
import CNetfilter
import Foundation
import Glibc
import RulesetCompiler
import Sessions

/// Hears what the kernel tells of everybody's changes of rules, on a thread of its own, and passes on those that were
/// not made through our own socket.
///
/// The kernel leaves our own out before they reach us, by a filter on the port number of the sender. It still makes the
/// messages: that costs a commit of one element some 3 us, and many elements in one batch nearly as much again as the
/// batch itself. So whoever commits many at once lets go of the messages meanwhile (`pause`), and asks for the
/// generation afterwards.
///
/// Ends when it is released.
final class ForeignChangeWatch: Sendable {
    private let socket: Int32
    private let bell: Int32
    private let reader: Reader

    /// In the network namespace of the calling thread.
    init(
        tables: Set<String>, clock: @escaping @Sendable () -> Instant,
        _ handler: @escaping @Sendable (ForeignChange) -> Void
    ) throws(NetlinkSocket.Failure) {
        let reader = try Reader(tables: tables, clock: clock, handler: handler)
        self.reader = reader
        socket = reader.socket
        bell = reader.bell
        // A ruleset of others that is loaded in one go should fit; what does not is said to be lost.
        _ = gh_force_receive_buffer(socket, 8 << 20)
        try join()
        Thread.detachNewThread {
            // A text that lives through the call.
            unsafe gh_name_thread("netlink-watch")
            reader.run()
        }
    }

    deinit {
        var one: UInt64 = 1
        // Fails only when the count would overflow, and then the bell is readable already.
        _ = unsafe write(bell, &one, MemoryLayout<UInt64>.size)
    }

    /// Has the kernel leave out what is sent through the socket with this port number; in place of the one before.
    func ignore(port: UInt32) throws(NetlinkSocket.Failure) {
        // A classic filter loads words in network order, and the message has the port number in the machine's.
        let program: [gh_filter_instruction] = [
            .init(code: 0x20, jump_true: 0, jump_false: 0, operand: 12),  // load nlmsg_pid
            .init(code: 0x15, jump_true: 0, jump_false: 1, operand: port.bigEndian),
            .init(code: 0x06, jump_true: 0, jump_false: 0, operand: 0),  // drop
            .init(code: 0x06, jump_true: 0, jump_false: 0, operand: .max),  // pass
        ]
        guard unsafe gh_attach_filter(socket, program, UInt16(program.count)) == 0 else {
            throw NetlinkSocket.Failure(call: "SO_ATTACH_FILTER", errno: errno)
        }
    }

    /// Has the kernel make no messages for us until `join`.
    func pause() { _ = membership(NETLINK_DROP_MEMBERSHIP) }

    func join() throws(NetlinkSocket.Failure) {
        guard membership(NETLINK_ADD_MEMBERSHIP) == 0 else {
            throw NetlinkSocket.Failure(call: "NETLINK_ADD_MEMBERSHIP", errno: errno)
        }
    }

    /// Says that somebody may have changed something that was not heard.
    func tellOfLoss() { reader.tellOfLoss() }

    private func membership(_ option: Int32) -> Int32 {
        var group = Int32(bitPattern: NFNLGRP_NFTABLES.rawValue)
        // The option is read before the call returns, and its size is that of the variable.
        return unsafe setsockopt(
            socket, SOL_NETLINK, option, &group, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// The thread's side, and the owner of the descriptors: it may be waiting for them when the watch is released.
private final class Reader: Sendable {
    let socket: Int32
    let bell: Int32
    private let tables: Set<String>
    private let clock: @Sendable () -> Instant
    private let handler: @Sendable (ForeignChange) -> Void

    init(
        tables: Set<String>, clock: @escaping @Sendable () -> Instant,
        handler: @escaping @Sendable (ForeignChange) -> Void
    ) throws(NetlinkSocket.Failure) {
        socket = try NetlinkSocket.bound()
        bell = gh_open_event()
        guard bell >= 0 else {
            let failure = NetlinkSocket.Failure(call: "eventfd", errno: errno)
            _ = close(socket)
            throw failure
        }
        self.tables = tables
        self.clock = clock
        self.handler = handler
    }

    deinit {
        _ = close(socket)
        _ = close(bell)
    }

    func tellOfLoss() { handler(ForeignChange(heardAt: clock(), isIncomplete: true)) }

    func run() {
        var changes = ForeignChangeReader(tables: tables)
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var isBroken = false
        while isToGoOn(isBroken) {
            // The kernel writes at most the array's count, during the call.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_TRUNC))
            }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            let now = clock()
            guard count >= 0, count <= buffer.count else {
                // ENOBUFS: more was told than there was room for. Anything else is not known to happen, and must not
                // make the thread spin.
                isBroken = count < 0 && errno != ENOBUFS
                handler(changes.lost(at: now))
                continue
            }
            isBroken = false
            for message in ReceivedMessage.all(in: buffer[..<count]) {
                if let change = changes.take(message, at: now) { handler(change) }
            }
        }
    }

    /// Waits for the next message; false when the watch is over.
    private func isToGoOn(_ isBroken: Bool) -> Bool {
        var waited = [
            pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&waited, isBroken ? 1 : 2, isBroken ? 1000 : -1)
        return waited[0].revents == 0
    }
}
