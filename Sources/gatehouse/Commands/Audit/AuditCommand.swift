import ArgumentParser

/// `gatehouse audit`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Look into the record of what was decided and done, and whether it is whole.",
        discussion: """
            Reads the files of the record: no daemon is needed, and a copy on another machine will do.
            """,
        subcommands: [AuditVerify.self, AuditExport.self, AuditSample.self, AuditShow.self])
}
