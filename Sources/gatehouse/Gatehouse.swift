import ArgumentParser

/// The one executable: the daemon, and everything that people ask of it.
@main
struct Gatehouse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "Decides what each VPN session may reach, and makes the kernel enforce exactly that.",
        discussion: """
            Rules live in a folder of YAML files, a pack. Look at one with 'check' before it is in force, start the \
            daemon with 'run', and ask it about live sessions with 'sessions', 'show' and 'explain'.

            Exit codes: 0 yes or done, 1 no (mistakes found, packet denied, order refused), 2 could not try \
            (no daemon, no permission, unreadable file), 64 the command line is wrong.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Rules",
                subcommands: [
                    InitCommand.self, Check.self, Prove.self, PlanCommand.self, CoverageCommand.self,
                    FormatCommand.self, SchemaCommand.self, VendorCommand.self, ShowRuleset.self,
                    Packets.self,
                ]),
            CommandGroup(
                name: "Changes of the rules in force",
                subcommands: [
                    ApplyCommand.self, ConfirmCommand.self, RevertCommand.self, ChangesCommand.self,
                ]),
            CommandGroup(
                name: "The daemon",
                subcommands: [
                    Run.self, GuardCommand.self, Reload.self, DoctorCommand.self, AlertsCommand.self,
                    AcknowledgeDamage.self,
                ]),
            CommandGroup(
                name: "Live sessions",
                subcommands: [
                    ListSessions.self, Show.self, Explain.self, Disconnect.self, Readmit.self,
                    StepUp.self, EvidenceCommand.self, SpotCheckCommand.self,
                ]),
            CommandGroup(
                name: "Registers",
                subcommands: [
                    DeviceCommand.self, UserCommand.self, LoanCommand.self, ApprovalCommand.self,
                    PostureCommand.self, ImportCommand.self,
                ]),
            CommandGroup(name: "Evidence", subcommands: [CertificateCommand.self, CountryCommand.self]),
            CommandGroup(name: "The record", subcommands: [AuditCommand.self]),
            CommandGroup(name: "Recorded traffic", subcommands: [ReplayCommand.self, Decode.self]),
            CommandGroup(name: "Packages", subcommands: [CompletionsCommand.self, ManualCommand.self]),
            CommandGroup(name: "Trying it out", subcommands: [LabCommand.self]),
        ])
}
