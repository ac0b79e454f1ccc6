package import Evidence

/// What one file says of a register: the rows that fit, and what is wrong with the others.
package struct ImportReport: Sendable {
    /// One row that fits.
    package struct Row: Sendable, Hashable {
        package var statement: RegisterStatement
        /// On which the row begins, from 1.
        package var line: Int

        package init(statement: RegisterStatement, line: Int) {
            self.statement = statement
            self.line = line
        }
    }

    /// As it is called in messages.
    package let file: String
    package let kind: RegisterKind
    /// `,`, `;`, a tab or `|`.
    package internal(set) var delimiter = ","
    /// Rows below the header, without those that say nothing at all.
    package internal(set) var rowCount = 0
    /// In the order of the file.
    package internal(set) var rows: [Row] = []
    /// Rows that were not meant: left out as if the file had no such rows.
    package internal(set) var skippedCount = 0
    /// Rows that did not fit.
    package internal(set) var misfitCount = 0
    /// In the order of the file; see ``ImportLimits/problems``.
    package internal(set) var problems: [ImportProblem] = []
    package internal(set) var problemCount = 0
    /// Of every row whose key could be read, whether it fits or not.
    package internal(set) var keys: Set<String> = []
    /// Rows of which nobody knows whom they are about.
    package internal(set) var unnamedCount = 0
}
