/// One thing that is wrong with what a device or a management system sent: where, what was expected, what was there.
package struct ReportProblem: Sendable, Hashable, CustomStringConvertible {
    /// `[3].antivirus.signatures-at`; empty for the whole body. Names from the body are escaped and bounded.
    package var path: String
    /// The byte of the body.
    package var offset: Int
    package var expected: String
    /// What was found instead, escaped and bounded; nil where the expectation says it all.
    package var found: String?

    package init(path: String, offset: Int, expected: String, found: String? = nil) {
        self.path = path
        self.offset = offset
        self.expected = expected
        self.found = found
    }

    package var description: String {
        let place = path.isEmpty ? "byte \(offset)" : "\(path) (byte \(offset))"
        return "\(place): \(expected)" + (found.map { ", found \($0)" } ?? "")
    }
}

/// Why nothing of a body was taken: every reason, up to ``ReportLimits/problems``.
package struct ReportProblems: Error, Sendable, Hashable, CustomStringConvertible {
    package var problems: [ReportProblem]
    /// How many more there are than are listed.
    package var furtherCount: Int

    package init(problems: [ReportProblem], furtherCount: Int = 0) {
        self.problems = problems
        self.furtherCount = furtherCount
    }

    package var description: String {
        let more = furtherCount > 0 ? ["and \(furtherCount) more"] : []
        return (problems.map(\.description) + more).joined(separator: "\n")
    }
}

/// How much of a stranger's body is read.
package struct ReportLimits: Sendable {
    package var json = JSONTape.Limits()
    /// Reports in a body of this gateway's own format, lines in one of osquery's.
    package var reports = 10_000
    /// Reasons in an answer.
    package var problems = 50

    package init() {}
}

/// Collects problems while reading goes on, and keeps no more of them than an answer shows.
struct ProblemLog {
    private(set) var problems: [ReportProblem] = []
    private(set) var furtherCount = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { problems.isEmpty }

    mutating func add(_ problem: @autoclosure () -> ReportProblem) {
        guard problems.count < limit else {
            furtherCount += 1
            return
        }
        problems.append(problem())
    }

    var all: ReportProblems { ReportProblems(problems: problems, furtherCount: furtherCount) }
}

extension ReportProblems {
    init(_ problem: JSONProblem) {
        self.init(problems: [ReportProblem(path: "", offset: problem.offset, expected: problem.reason)])
    }
}
