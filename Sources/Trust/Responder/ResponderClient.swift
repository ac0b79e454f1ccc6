import Certificates
import Glibc

/// Asks a responder by HTTP POST (RFC 6960 appendix A.1). Blocks the calling thread, for no longer than its time and
/// the name look-up's, which is the system's own.
package struct ResponderClient: Sendable {
    package var timeout = Duration.seconds(5)

    package init(timeout: Duration = .seconds(5)) { self.timeout = timeout }

    /// The body of the answer, which nobody has looked at.
    package func post(_ body: [UInt8], to address: ResponderAddress) throws(ResponderFailure) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        let socket = try connect(address, deadline)
        let head =
            "POST \(address.path) HTTP/1.1\r\nHost: \(address.authority)\r\n"
            + "Content-Type: application/ocsp-request\r\nAccept: application/ocsp-response\r\n"
            + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        try send(Array(head.utf8) + body, socket, deadline)
        var answer = HTTPAnswer(maximumBody: OCSPResponse.maximumBytes)
        do {
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while !answer.isComplete {
                try Self.wait(socket, POLLIN, deadline)
                // At most the buffer's length is written to it.
                let count = unsafe recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count < 0, [EAGAIN, EINTR].contains(errno) { continue }
                guard count >= 0 else { throw Self.failure("recv") }
                if count == 0 { try answer.end() } else { try answer.receive(buffer[..<count]) }
            }
        } catch let failure as ResponderFailure {
            throw failure
        } catch {
            throw ResponderFailure(description: "\(error)")
        }
        guard answer.status == 200 else {
            throw ResponderFailure(description: "HTTP status \(answer.status)")
        }
        return answer.body
    }

    private func connect(
        _ address: ResponderAddress, _ deadline: ContinuousClock.Instant
    ) throws(ResponderFailure) -> FileDescriptor {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list)
        guard code == 0 else {
            throw ResponderFailure(
                description: "no address for the host: \(unsafe String(cString: gai_strerror(code)))")
        }
        // The list is freed after the last look at it.
        defer { unsafe freeaddrinfo(list) }
        var failure = ResponderFailure(description: "no address for the host")
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ai_next
            let type =
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let number = unsafe socket(entry.pointee.ai_family, type, 0)
            guard number >= 0 else { throw Self.failure("socket") }
            let socket = FileDescriptor(owning: number)
            do throws(ResponderFailure) {
                let result = unsafe Glibc.connect(number, entry.pointee.ai_addr, entry.pointee.ai_addrlen)
                if result == 0 { return socket }
                guard errno == EINPROGRESS else { throw Self.failure("connect") }
                try Self.wait(socket, POLLOUT, deadline)
                var problem: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                _ = unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &problem, &length)
                guard problem == 0 else { throw Self.failure("connect", problem) }
                return socket
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func send(
        _ bytes: [UInt8], _ socket: FileDescriptor, _ deadline: ContinuousClock.Instant
    ) throws(ResponderFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try Self.wait(socket, POLLOUT, deadline)
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(
                    socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count < 0, [EAGAIN, EINTR].contains(errno) { continue }
            guard count >= 0 else { throw Self.failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    private static func wait(
        _ socket: FileDescriptor, _ events: Int32, _ deadline: ContinuousClock.Instant
    ) throws(ResponderFailure) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw ResponderFailure(description: "no answer in time") }
            var polled = pollfd(fd: socket.number, events: Int16(events), revents: 0)
            let count = unsafe poll(&polled, 1, Int32((left / .milliseconds(1)).rounded(.up)))
            if count > 0 { return }
            if count < 0, errno != EINTR { throw failure("poll") }
        }
    }

    private static func failure(_ call: String, _ code: Int32 = errno) -> ResponderFailure {
        ResponderFailure(description: "\(call): \(SystemError.words(code))")
    }
}
