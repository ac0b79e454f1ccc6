import Evidence

extension ImportPlan {
    /// The plan for programs. Everything is in it, problems as far as they are kept.
    package struct Summary: Sendable, Hashable, Codable {
        package struct Figures: Sendable, Hashable, Codable {
            package var rows: Int
            package var new: Int
            package var changed: Int
            package var unchanged: Int
            package var didNotFit: Int
            package var skipped: Int
            package var missing: Int
            package var retired: Int
            package var heldBack: Int
            /// More than there are in `problems`, when those were too many to keep.
            package var problems: Int
            /// Of the register, before the import.
            package var lines: Int
        }

        package var file: String
        package var register: String
        package var figures: Figures
        package var new: [LineChange]
        package var changed: [LineChange]
        package var heldBack: [LineChange]
        package var retired: [LineChange]
        package var missing: [String]
        package var problems: [ImportProblem]
        /// Sentences with figures; when there is one, the import needs a yes.
        package var cautions: [String]
        /// Why nothing is retired although that was asked for.
        package var retirementRefusal: String?
    }

    package var summary: Summary {
        Summary(
            file: report.file, register: report.kind.rawValue,
            figures: .init(
                rows: report.rowCount, new: new.count, changed: changed.count, unchanged: unchangedCount,
                didNotFit: misfitCount, skipped: report.skippedCount, missing: missing.count,
                retired: retired.count, heldBack: heldBack.count, problems: problemCount, lines: lineCount),
            new: new, changed: changed, heldBack: heldBack, retired: retired, missing: missing,
            problems: problems, cautions: cautions.map(\.description), retirementRefusal: retirementRefusal)
    }
}
