import ArgumentParser
import Classification
import Evidence
import Sessions

/// `gatehouse posture ...`
struct PostureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posture", abstract: "How well devices are protected, as was last reported.",
        subcommands: [List.self, ShowDevice.self, Set.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what was last reported of each device, and how old it is.",
            discussion: """
                Of anti-virus signatures and updates the age is told; OLDEST is the item that was seen longest ago. A \
                dash stands for what nobody ever reported.
                """)

        @Option(
            name: .long, help: ArgumentHelp("Only devices with an item seen so long ago.", valueName: "7d"))
        var olderThan: Span?
        @Option(
            name: .long,
            help: ArgumentHelp("Only devices of which this was never reported.", valueName: "item"))
        var lacks: String?
        @OptionGroup var options: ControlOptions

        func validate() throws {
            if let lacks, !PostureText.items.contains(lacks) {
                throw ValidationError(
                    "No item '\(lacks)': there are \(PostureText.items.joined(separator: ", ")).")
            }
        }

        func run() async throws {
            let list = try await options.ask(
                ControlOperations.postureList, ControlMessages.PostureListArguments())
            let now = SystemClock().now()
            let devices = list.devices.filter { line in
                let oldest = PostureText.oldest(line).map { now - $0.at }
                return (olderThan.map { $0.duration <= oldest ?? .zero } ?? true)
                    && (lacks.map { item in !line.items.contains { $0.item == item } } ?? true)
            }
            try options.show(ControlMessages.PostureList(devices: devices)) { list in
                print(list.devices.isEmpty ? "no such report" : PostureText.list(list.devices, at: now))
            }
        }
    }

    struct ShowDevice: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show what was last reported of one device, and when it was seen.")

        @Argument(help: "The inventory id.")
        var device: String
        @OptionGroup var options: ControlOptions

        func run() async throws {
            let list = try await options.ask(
                ControlOperations.postureList, ControlMessages.PostureListArguments(device: device))
            try options.show(list) { list in
                for line in list.devices { print(PostureText.show(line, at: SystemClock().now())) }
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report what you saw on a device, for sites without agents.",
            discussion: """
                What is not named stays as it was reported. A report from the future is refused, and one from before \
                what is known. Every session that it moved is listed; --dry-run says which would move.

                Example: gatehouse posture set laptop-0001 --antivirus 2026-11-21 --disk-encryption on
                """)

        enum Switch: String, ExpressibleByArgument {
            case on, off
        }

        @Argument(help: "The inventory id.")
        var device: String
        @Option(name: .long, help: "When the anti-virus signatures were made: a date, or a time.")
        var antivirus: String?
        @Option(name: .long, help: "When updates were last installed to the full.")
        var patches: String?
        @Option(name: .long, help: "on or off.")
        var diskEncryption: Switch?
        @Option(name: .long, help: "on or off.")
        var firewall: Switch?
        @Option(name: .long, help: "After how many minutes the screen locks: 10m, or never.")
        var screenLock: String?
        @Option(name: .long, help: "When you saw it; now when not said.")
        var observedAt: String?
        @Flag(name: .long, help: "Say which sessions would move, and change nothing.")
        var dryRun = false
        @OptionGroup var options: ControlOptions

        func validate() throws {
            let arguments = try arguments()
            let isEmpty =
                arguments.antivirus == nil && arguments.patches == nil && diskEncryption == nil
                && firewall == nil && screenLock == nil
            if isEmpty { throw ValidationError("Say what you saw.") }
        }

        func run() async throws {
            let done = try await options.ask(
                ControlOperations.report, arguments())
            try options.show(done) { print(MoveText.render($0)) }
        }

        func arguments() throws -> ControlMessages.PostureReportArguments {
            ControlMessages.PostureReportArguments(
                device: device, antivirus: try Self.time(antivirus), patches: try Self.time(patches),
                diskEncryption: diskEncryption.map { $0 == .on }, firewall: firewall.map { $0 == .on },
                screenLockMinutes: try Self.minutes(screenLock), observedAt: try Self.time(observedAt),
                dryRun: dryRun)
        }

        /// A date stands for its first instant in UTC, as in registers.
        private static func time(_ text: String?) throws -> String? {
            guard let text else { return nil }
            if TimeText.date(text) != nil { return text + "T00:00:00Z" }
            guard TimeText.timestamp(text) != nil else {
                throw ValidationError(
                    "'\(PlainText.shown(text))' is neither a date such as 2026-11-21 nor a time such as "
                        + "2026-11-21T09:00:00Z.")
            }
            return text
        }

        private static func minutes(_ text: String?) throws -> Int? {
            guard let text else { return nil }
            if text == "never" { return 0 }
            guard let seconds = TimeText.duration(text)?.components.seconds, seconds.isMultiple(of: 60) else {
                throw ValidationError(
                    "'\(PlainText.shown(text))' is neither whole minutes such as 10m nor never.")
            }
            return Int(seconds / 60)
        }
    }
}

/// Posture for people.
enum PostureText {
    typealias Line = ControlMessages.PostureLine

    static let items = ["antivirus", "patches", "disk-encryption", "firewall", "screen-lock"]

    static func list(_ lines: [Line], at now: Instant) -> String {
        let rows = lines.map { line in
            [RegisterTables.cell(line.device)]
                + items.map { name in line.items.first { $0.item == name }.map { cell($0, now) } ?? "-" }
                + [oldest(line).map { "\($0.item), \(age($0.at, now)) ago" } ?? "-"]
        }
        return Terminal.table(
            ["DEVICE", "ANTIVIRUS", "PATCHES", "DISK", "FIREWALL", "LOCK", "OLDEST"], rows)
    }

    static func show(_ line: Line, at now: Instant) -> String {
        let rows = line.items.map { item in
            let seen = TimeText.timestamp(item.observedAt)
            return [item.item, cell(item, now), item.observedAt, seen.map { "\(age($0, now)) ago" } ?? "-"]
        }
        return "device \(RegisterTables.cell(line.device))\n\n"
            + Terminal.table(["ITEM", "VALUE", "SEEN AT", "SEEN"], rows)
    }

    /// The item that was seen longest ago.
    static func oldest(_ line: Line) -> (item: String, at: Instant)? {
        let seen = line.items.compactMap { item in
            TimeText.timestamp(item.observedAt).map { (item: item.item, at: $0) }
        }
        return seen.min { $0.at < $1.at }
    }

    /// Of a time, how long ago it is.
    private static func cell(_ item: ControlMessages.PostureItem, _ now: Instant) -> String {
        TimeText.timestamp(item.value).map { "\(age($0, now)) old" } ?? item.value
    }

    private static func age(_ instant: Instant, _ now: Instant) -> String {
        max(.zero, now - instant).briefly
    }
}
