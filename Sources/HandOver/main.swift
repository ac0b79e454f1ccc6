import Glibc

// What OpenVPN runs for each certificate of a client's chain:
//
//     script-security 2
//     tls-export-cert /run/openvpn
//     tls-verify "/usr/libexec/gatehouse-hand-over /run/gatehouse/hand-over/socket"
//
// It hands the certificate over to the daemon and lets the client go on whatever comes of it: the decision is made when
// the client asks to come in. OpenVPN serves nobody while this runs, so it waits for nothing but, after the last
// certificate of a chain, for the daemon's word that it was taken.

/// The daemon reads no more.
let maximumBytes = 128 * 1024
let longestWait: Int32 = 200

func handOver() -> Bool {
    var arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "--strict" { arguments = arguments.dropFirst() }
    // OpenVPN adds the depth and the subject.
    guard let path = arguments.popFirst(), let depth = arguments.popFirst().flatMap({ UInt8($0) }),
        let name = unsafe getenv("peer_cert"), let message = unsafe read(name, depth: depth),
        let socket = connect(path)
    else { return false }
    let sent = unsafe send(socket, message, message.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    guard sent == message.count else { return false }
    guard depth == 0 else { return true }
    var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&polled, 1, longestWait) == 1 else { return false }
    var answer: UInt8 = 0
    return unsafe recv(socket, &answer, 1, Int32(MSG_DONTWAIT)) == 1 && answer == UInt8(ascii: "y")
}

/// The message: its version, the depth, the file's bytes.
func read(_ path: UnsafePointer<CChar>, depth: UInt8) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var message = [UInt8](repeating: 0, count: maximumBytes + 3)
    message[0] = 1
    message[1] = depth
    var count = 2
    // Each read gets no more than is left of the buffer.
    let failed = unsafe message.withUnsafeMutableBytes { buffer in
        while count < buffer.count {
            let got = unsafe Glibc.read(
                file, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return got < 0 }
            count += got
        }
        return true
    }
    return failed || count == 2 ? nil : Array(message[..<count])
}

/// Does not wait while the daemon's queue is full.
func connect(_ path: String) -> Int32? {
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = socket(AF_UNIX, type, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard number >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    // The structure outlives the call, which keeps no pointer.
    let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result == 0 ? number : nil
}

let isTaken = handOver()
exit(isTaken || CommandLine.arguments.dropFirst().first != "--strict" ? 0 : 1)
