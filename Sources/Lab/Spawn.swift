import Foundation
import Glibc
import Synchronization

/// A process started with `posix_spawn`, and its end.
///
/// Not Foundation's `Process`: on Linux that takes the closing of an inherited socket for the end of the child, then
/// waits for it on the one thread that watches all others. dnsmasq closes every descriptor as it starts, and from
/// then on no other child would ever end.
package final class Spawn: Sendable {
    package let identifier: Int32
    /// How it ended, once somebody has asked and it has. Guards the number too: after the end it may belong to
    /// another process.
    private let ended = Mutex<Int32?>(nil)

    /// Descriptors become the child's 0, 1 and 2; nothing else that is marked close-on-exec goes along.
    package init(_ arguments: [String], input: Int32, output: Int32, errors: Int32) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, output, errors].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own: the terminal's interrupt is the lab's to act on, in its order.
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var noSignals = sigset_t()
        unsafe sigemptyset(&noSignals)
        unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
        let words = unsafe Self.copies(["/usr/bin/env"] + arguments)
        let environment = unsafe Self.copies(Surroundings.environment.map { "\($0.key)=\($0.value)" })
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        var identifier: pid_t = 0
        let error = unsafe posix_spawn(&identifier, "/usr/bin/env", &actions, &attributes, words, environment)
        guard error == 0 else { throw LabError.system(operation: "start \(arguments)", errno: error) }
        self.identifier = identifier
    }

    /// The exit status, or 128 and the signal's number as shells say it; nil while it runs. Does not wait.
    package var status: Int32? { reaped(options: WNOHANG) }

    /// Sends a signal unless the process has ended.
    package func signal(_ number: Int32) {
        ended.withLock { if Self.reap(identifier, WNOHANG, &$0) == nil { _ = kill(identifier, number) } }
    }

    /// Waits for the end on the calling thread, which must not be one of the concurrency pool's.
    package func wait() -> Int32 { reaped(options: 0) ?? -1 }

    private func reaped(options: Int32) -> Int32? {
        ended.withLock { Self.reap(identifier, options, &$0) }
    }

    private static func reap(_ identifier: Int32, _ options: Int32, _ ended: inout Int32?) -> Int32? {
        if let known = ended { return known }
        var raw: Int32 = 0
        guard unsafe waitpid(identifier, &raw, options) == identifier else { return nil }
        ended = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
        return ended
    }

    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }
}

/// A file that only descriptors know: what a command reads or writes.
///
/// Not a pipe: another child, started at the same moment, could inherit its far end and hold it open for good.
package struct ScratchFile: ~Copyable {
    package let descriptor: Int32

    package init(holding text: String = "") throws {
        let path = "\(NSTemporaryDirectory())/gatehouse-lab-\(UUID().uuidString)"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LabError.system(operation: "open \(path)", errno: errno) }
        unsafe unlink(path)
        if text.isEmpty { return }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.seek(toOffset: 0)
    }

    /// Everything in it.
    package borrowing func text() throws -> String {
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try handle.seek(toOffset: 0)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }

    deinit { close(descriptor) }
}
