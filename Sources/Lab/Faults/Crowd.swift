import Foundation
import Glibc
import NetworkTypes
import Synchronization

/// A second VPN server, of which there is nothing but the management interface, as OpenVPN 2.6 speaks it: thousands of
/// clients come at once and go at once.
final class Crowd: Sendable {
    static let source = "crowd"
    static let tunnel = "tuncrowd"
    /// What it says it is.
    private static let process = 1_048_577

    /// How far it is.
    struct Count: Sendable, Equatable {
        /// Let in, and told of as established.
        var open = 0
        /// Of whom nobody has said yet whether they may come in.
        var waiting = 0
        var refused = 0
    }

    private struct State {
        var coming = 0
        var isToGo = false
        var isOver = false
        var count = Count()
    }

    private let path: String
    private let speech: CrowdSpeech
    private let state = Mutex(State())

    private init(path: String, speech: CrowdSpeech) {
        self.path = path
        self.speech = speech
    }

    /// - Parameter authority: the digest of the authority of all their certificates.
    static func start(at path: String, authority: String) throws -> Crowd {
        let speech = CrowdSpeech(process: process, tunnel: tunnel, authority: authority)
        let crowd = Crowd(path: path, speech: speech)
        let listener = try UnixSocket.listen(at: path)
        Thread.detachNewThread { crowd.run(listener) }
        return crowd
    }

    func end() { state.withLock { $0.isOver = true } }

    /// So many ask to come in, in one go. Those of them that are let in are established.
    func come(_ count: Int) { state.withLock { $0.coming += count } }

    /// All that are in leave, in one go.
    func go() { state.withLock { $0.isToGo = true } }

    var count: Count { state.withLock { $0.count } }

    /// An address of both families for each client. Those of long ago are given again.
    static func address(_ client: Int, _ family: AddressFamily) -> String {
        let number = client & 0xffff
        return switch family {
        case .ipv4: "10.9.\(number >> 8).\(number & 255)"
        case .ipv6: "fd09::\(String(number, radix: 16))"
        }
    }

    // MARK: The thread

    /// What it knows of its clients, and how many there were.
    private struct Clients {
        var next = 256
        var open: Set<Int> = []
        var waiting: Set<Int> = []
    }

    private func run(_ listener: Int32) {
        var daemon: StreamEnd?
        var words: [UInt8] = []
        var clients = Clients()
        while !state.withLock(\.isOver) {
            if daemon == nil, let one = StreamEnd(from: listener) {
                daemon = one
                words = []
                // Nobody asks twice: who waited for an answer from before has gone.
                clients.waiting = []
                one.write(CrowdSpeech.greeting.utf8)
            }
            guard let talking = daemon else {
                wait([pollfd(fd: listener, events: Int16(POLLIN), revents: 0)])
                continue
            }
            move(talking, &clients)
            words += talking.read()
            hear(&words, talking, &clients)
            talking.flush()
            if talking.isOver {
                daemon = nil
            } else {
                wait([talking.waited(toRead: true)])
            }
        }
        close(listener)
        _ = unsafe unlink(path)
    }

    private func move(_ daemon: StreamEnd, _ clients: inout Clients) {
        let (coming, isToGo) = state.withLock { state in
            defer { (state.coming, state.isToGo) = (0, false) }
            return (state.coming, state.isToGo)
        }
        if coming > 0 {
            let new = clients.next..<clients.next + coming
            clients.next = new.upperBound
            clients.waiting.formUnion(new)
            daemon.write(new.map(speech.asking).joined().utf8)
        }
        if isToGo {
            let all = clients.open.sorted()
            clients.open = []
            daemon.write(all.map(speech.leaving).joined().utf8)
        }
        if coming > 0 || isToGo { tell(clients) }
    }

    private func tell(_ clients: Clients, refused: Int = 0) {
        state.withLock { state in
            state.count.open = clients.open.count
            state.count.waiting = clients.waiting.count
            state.count.refused += refused
        }
    }

    private func hear(_ words: inout [UInt8], _ daemon: StreamEnd, _ clients: inout Clients) {
        guard let last = words.lastIndex(of: UInt8(ascii: "\n")) else { return }
        let lines = String(decoding: words[...last], as: UTF8.self).split(separator: "\n")
        words.removeFirst(last + 1)
        var answer = ""
        var refused = 0
        for line in lines {
            let parts = line.split(separator: " ")
            let client = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            switch parts.first {
            case "version": answer += CrowdSpeech.version
            case "pid": answer += speech.ownProcess
            case "hold": answer += "SUCCESS: hold release succeeded\r\n"
            case "status":
                answer += speech.list(open: clients.open.sorted(), waiting: clients.waiting.sorted())
            case "client-auth", "client-auth-nt":
                answer += "SUCCESS: client-auth command succeeded\r\n"
                guard clients.waiting.remove(client) != nil else { continue }
                clients.open.insert(client)
                answer += speech.arriving(client)
            case "client-deny":
                answer += "SUCCESS: client-deny command succeeded\r\n"
                if clients.waiting.remove(client) != nil { refused += 1 }
            case "client-kill":
                answer += "SUCCESS: client-kill command succeeded\r\n"
                if clients.open.remove(client) != nil { answer += speech.leaving(client) }
            // The rest of an admission: options for the client, and their end.
            default: continue
            }
        }
        daemon.write(answer.utf8)
        tell(clients, refused: refused)
    }

    /// For a hundredth of a second at most: somebody may have told us something.
    private func wait(_ descriptors: [pollfd]) {
        var descriptors = descriptors
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), 10)
    }
}
