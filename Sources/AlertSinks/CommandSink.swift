package import Alerts
import CLinux
import Glibc
import Sessions

/// A program that takes a message on its standard input, as sendmail does. Its arguments are the configuration's and
/// nobody else's; there is no shell. One at a time, and each ended when it takes too long.
package struct CommandSink: AlertSink {
    package struct Settings: Sendable, Hashable {
        /// The first is the program's absolute path.
        package var arguments: [String]
        package var from: String?
        package var to: [String]
        package var patience: Duration
        package var gateway: String

        package init(
            arguments: [String], from: String? = nil, to: [String] = [], patience: Duration = .seconds(30),
            gateway: String
        ) {
            self.arguments = arguments
            self.from = from
            self.to = to
            self.patience = patience
            self.gateway = gateway
        }
    }

    private let settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    package func deliver(_ alert: Alert) throws(DeliveryFailure) {
        // The daemon's capabilities are ambient, and the program would have them. They go from this thread, the sink's own.
        guard gh_keep_capability(-1) == 0 else { throw Self.failure("give up capabilities") }
        let message = MailMessage.bytes(
            alert, from: settings.from, to: settings.to, gateway: settings.gateway)
        let input = unsafe gh_make_sealed_file("gatehouse-alert", message, message.count)
        guard input >= 0 else { throw Self.failure("keep the message") }
        defer { close(input) }
        guard lseek(input, 0, SEEK_SET) == 0 else { throw Self.failure("keep the message") }
        let process = try start(input)
        let deadline = ContinuousClock.now + settings.patience
        while true {
            var status: Int32 = 0
            let reaped = unsafe waitpid(process, &status, WNOHANG)
            if reaped == process { return try Self.judge(status, settings.arguments[0]) }
            guard reaped == 0 || errno == EINTR else {
                throw Self.failure("wait for \(settings.arguments[0])")
            }
            if ContinuousClock.now > deadline { break }
            usleep(20_000)
        }
        // Its own group, which it began: whatever it started goes with it.
        _ = kill(-process, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        throw DeliveryFailure("\(settings.arguments[0]) took too long, and was ended")
    }

    private static func judge(_ status: Int32, _ name: String) throws(DeliveryFailure) {
        guard status != 0 else { return }
        let signal = status & 0x7F
        throw DeliveryFailure(
            signal == 0 ? "\(name) ended with \(status >> 8 & 0xFF)" : "\(name) was ended by signal \(signal)"
        )
    }

    private func start(_ input: Int32) throws(DeliveryFailure) -> Int32 {
        let nowhere = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nowhere >= 0 else { throw Self.failure("open /dev/null") }
        defer { close(nowhere) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, nowhere, nowhere].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        // Each text is a copy that is freed here, after the call that reads it.
        let words = unsafe Self.copies(settings.arguments)
        let environment = unsafe Self.copies(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"])
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let error = unsafe posix_spawn(
            &process, settings.arguments[0], &actions, &attributes, words, environment)
        guard error == 0 else {
            throw DeliveryFailure(
                "cannot start \(settings.arguments[0]): \(unsafe String(cString: strerror(error)))")
        }
        return process
    }

    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func failure(_ operation: String) -> DeliveryFailure {
        DeliveryFailure("cannot \(operation): \(unsafe String(cString: strerror(errno)))")
    }
}
