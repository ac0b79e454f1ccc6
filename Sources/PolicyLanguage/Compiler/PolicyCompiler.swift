package import Sessions

/// Makes a checked `Policy` of a pack of rule files, or says everything that is wrong with it.
///
/// A pack is `policy.yaml` (what it is about, the classes in order), `systems.yaml` (with the labels), `authorities.yaml`,
/// `offices.yaml`, `clauses.yaml`, the registers (`devices`, `users`, `loans` and `approvals`, each as `.yaml`, `.csv` or
/// both), `vendors/*.yaml` (one contract each), `properties.yaml` and `tests/*.yaml`. Only `policy.yaml` must be there.
package enum PolicyCompiler {
    /// Reads and checks a pack. The policy is nil if and only if there is an error among the diagnostics, which are
    /// sorted by place. The order of `files` does not matter.
    ///
    /// Tests that the pack carries are read, not run. `now` serves warnings only (a contract that ends soon, a
    /// review that is overdue): the same files make the same policy at any time.
    package static func compile(
        _ files: [PackFile], now: Instant
    ) -> (policy: Policy?, diagnostics: [Diagnostic]) {
        let reader = PackReader(now: now)
        reader.read(files)
        let policy = reader.policy()
        let diagnostics = reader.log.diagnostics.sortedByPlace()
        return (diagnostics.hasErrors ? nil : policy, diagnostics)
    }

    /// Reads a file that describes one session as a pack's tests do: `session: {...}`, and `at:` where the time
    /// matters. Names are checked against a policy that is compiled already.
    ///
    /// `at` is nil when the file does not say; the description is nil if and only if there is an error.
    package static func session(
        _ file: PackFile, in policy: Policy
    ) -> (session: SessionDescription?, at: Instant?, diagnostics: [Diagnostic]) {
        let log = DiagnosticLog()
        let names = PackNames(policy)
        let source = SourceText(path: file.path, text: file.text)
        var session: SessionDescription?
        var at: Instant?
        if let root = DocumentReader.read(source, log: log),
            let mapping = MappingReader(root, "a session file", keys: ["session", "at"], log: log)
        {
            at = mapping.read("at", .timestamp())?.value
            session = mapping.requiredNode("session")
                .flatMap { SessionReader(names: names, log: log).read($0) }
        }
        return (log.hasErrors ? nil : session, at, log.diagnostics.sortedByPlace())
    }
}
