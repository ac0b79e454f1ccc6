package import Evidence

/// What an import would change: a file held against what is stated now. Nothing is changed by making one.
package struct ImportPlan: Sendable {
    /// What becomes of lines that the file does not have.
    package enum Missing: String, Sendable, Hashable, Codable, CaseIterable {
        /// They are named, and stay as they are.
        case report
        /// Devices in use become retired; of other lines nothing is stated any more.
        case retire
        /// They are not looked for: the file is about some lines only.
        case ignore
    }

    package struct Options: Sendable {
        package var missing = Missing.report
        /// Lets the file say of lost and stolen devices that they are something else now. It does not otherwise: an MDM
        /// goes on calling a stolen laptop active, and the next import would open the door to whoever has it.
        package var bringsBack = false
        /// Above this share of the register's lines, in percent, drastic changes need a yes; see ``ImportPlan/Caution``.
        package var percent = 10

        package init() {}
    }

    /// One field of one line; an empty array for nothing stated.
    package struct FieldChange: Sendable, Hashable, Codable {
        package var field: String
        package var old: [String]
        package var new: [String]
    }

    /// One line that would be new or other than it is.
    package struct LineChange: Sendable, Hashable, Codable {
        package var key: String
        /// Where the file says so; nil when it is because the file does not have it.
        package var line: Int?
        /// In the order of the register's own list of fields; never empty.
        package var fields: [FieldChange]
    }

    /// That much would change at once, with the figures: a wrong file looks like this.
    package enum Caution: Sendable, Hashable, Codable {
        /// Lines that lose something (see ``ImportPlan``), of all lines there are.
        case losses(Int, of: Int)
        /// Rows that did not fit, of all rows of the file.
        case misfits(Int, of: Int)
    }

    package let report: ImportReport
    package let options: Options
    /// How many lines there are now.
    package let lineCount: Int
    package internal(set) var new: [LineChange] = []
    package internal(set) var changed: [LineChange] = []
    /// Rows that say what is stated already.
    package internal(set) var unchangedCount = 0
    /// Changes of status that are not made; see ``Options/bringsBack``.
    package internal(set) var heldBack: [LineChange] = []
    /// Lines that the file does not have, by key; empty when nobody asked.
    package internal(set) var missing: [String] = []
    /// What becomes of some of those.
    package internal(set) var retired: [LineChange] = []
    /// Why nothing is retired although that was asked for; nil otherwise.
    package internal(set) var retirementRefusal: String?
    /// Rows that fit by themselves, but not with the lines that there are.
    package internal(set) var refused: [ImportProblem] = []
    package internal(set) var refusedCount = 0
    package internal(set) var cautions: [Caution] = []

    /// What to state, in the order of the file; what is retired comes last.
    package var statements: [RegisterStatement] {
        (new + changed + retired).map { change in
            RegisterStatement(
                subject: RegisterSubject(report.kind, change.key),
                fields: Dictionary(uniqueKeysWithValues: change.fields.map { ($0.field, $0.new) }))
        }
    }

    /// Rows of which nothing is taken.
    package var misfitCount: Int { report.misfitCount + refusedCount }

    /// What is wrong with them, as far as it is kept.
    package var problems: [ImportProblem] {
        (report.problems + refused).sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    package var problemCount: Int { report.problemCount + refusedCount }
}
