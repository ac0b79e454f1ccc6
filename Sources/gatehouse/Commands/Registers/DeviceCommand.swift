import ArgumentParser
import Evidence
import Sessions

enum DeviceFamily: RegisterFamily {
    static let kind = RegisterKind.device
    static let keyHelp = "The inventory id."
    static let listExample = "Example: gatehouse device list --status in-use --overdue-on-site 90d"
    static let example = "laptop-0001 owner=bob managed=true last-on-site=2026-11-20 --reason \"new owner\""
    static let newExample = "laptop-0009 digest=3f79bb7b... owner=bob"
    static let defaults = ["kind": ["laptop"], "status": ["in-use"]]
    static let removal = "Live sessions of the device are decided anew, as of a device that nobody knows."

    struct Filters: RegisterFilters {
        @Option(name: .long, help: "Of this status.")
        var status: DeviceStatus?
        @Option(name: .long, help: "Of this owner.")
        var owner: String?
        @Option(name: .long, help: "Of this kind.")
        var kind: DeviceKind?
        @Option(
            name: .long,
            help: ArgumentHelp("Last on site so long ago, or never as far as is known.", valueName: "90d"))
        var overdueOnSite: Span?

        func filters() throws -> [RegisterFilter] {
            var filters: [RegisterFilter] = []
            if let status { filters.append(.has("status", status.rawValue)) }
            if let owner { filters.append(try RegisterFilter("owner", owner, .device)) }
            if let kind { filters.append(.has("kind", kind.rawValue)) }
            if let overdueOnSite { filters.append(.olderThan("last-on-site", overdueOnSite.duration)) }
            return filters
        }
    }
}

/// `gatehouse device ...`
struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "The device register: look, and say what it is to say.",
        discussion: "The register is in the rule files, and what is stated here lies on top of them.",
        subcommands: [
            ListLines<DeviceFamily>.self, ShowLine<DeviceFamily>.self, SetFields<DeviceFamily>.self,
            AddLine<DeviceFamily>.self, RemoveLine<DeviceFamily>.self, SetStatus.self,
        ])

    struct SetStatus: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-status",
            abstract: "Report a device lost, stolen, returned, retired, or in use again.",
            discussion: "The change is in force and on disk when this returns. It outranks the rule files.")

        @Argument(help: "The inventory id.")
        var device: String
        @Argument(help: "What it is now.")
        var status: DeviceStatus
        @OptionGroup var options: ChangeOptions

        func run() async throws {
            try await options.state(
                RegisterStatement(
                    subject: RegisterSubject(.device, device), fields: ["status": [status.rawValue]]))
        }
    }
}

extension DeviceStatus: ExpressibleByArgument {}
extension DeviceKind: ExpressibleByArgument {}
