/// What is asked and told about the kernel's side.
extension ControlMessages {
    /// The kernel's elements beside those that were decided. Keys are words for people, at most a hundred of each.
    struct KernelState: Codable, Sendable {
        var isRight: Bool
        /// Elements of sessions; nil when the table is not there.
        var elements: Int?
        var missing: [String]
        var unexpected: [String]
        var differing: [String]
        /// Why the kernel takes no changes, when it takes none.
        var fault: String?
        /// What other programs changed of late, the last one last.
        var drifts: [DriftSummary]
        /// How many there were since the start.
        var driftCount: Int
    }

    struct DriftSummary: Codable, Sendable {
        var at: String
        var what: String
        var author: String?
        /// In the initial namespace of processes.
        var process: UInt32?
        /// From when it was heard of; nil while it is not undone.
        var undoneAfterMicroseconds: Int64?
    }
}
