import Sessions

/// Why a row of a file is not taken: one reason, with its place. A row can have several.
package struct ImportProblem: Sendable, Hashable, Codable {
    package var line: Int
    package var column: Int
    /// The inventory id, user name or reference of the row; nil when that could not be read.
    package var key: String?
    /// The column of the file that it is about, as the header calls it; nil when it is about the whole row.
    package var cell: String?
    /// Continues the sentence "expected".
    package var expected: String
    /// Continues the sentence "found". What the file says is shown escaped and cut.
    package var found: String

    /// `12:4: LAP-0012, State: expected one of 'active', found 'Broken'`.
    package var description: String {
        let subject = [key, cell].compactMap { $0.map(PlainText.shown) }.joined(separator: ", ")
        return
            "\(line):\(column): \(subject)\(subject.isEmpty ? "" : ": ")expected \(expected), found \(found)"
    }
}

extension ImportProblem: CustomStringConvertible {}
