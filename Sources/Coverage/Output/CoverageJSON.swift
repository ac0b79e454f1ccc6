import Classification
import FoundationEssentials
import PolicyLanguage
import Sessions

extension CoverageReport {
    /// One document for programs, with a line end behind it.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Document(self)), as: UTF8.self) + "\n"
    }
}

private struct Document: Encodable {
    let pack: Pack
    let complete: Bool
    let percent: Int
    let covered: Int
    let inReach: Int
    let outOfReach: Int
    let uncited: [String]
    let untested: [String]
    let clauses: [Clause]
    let controls: [Control]
    let tests: Tests

    init(_ report: CoverageReport) {
        pack = Pack(report)
        complete = report.isComplete
        percent = report.percent
        covered = report.covered.count
        inReach = report.inReach.count
        outOfReach = report.outOfReach.count
        uncited = report.uncited.map(\.clause.id)
        untested = report.untested.map(\.clause.id)
        clauses = report.clauses.map(Clause.init)
        controls = report.controls.map(Control.init)
        tests = Tests(report.tests)
    }
}

extension Document {
    struct Pack: Encodable {
        struct File: Encodable {
            let path: String
            let sha256: String
        }

        let name: String
        let about: String
        let at: String
        let reviewBy: String?
        let sha256: String
        let files: [File]

        init(_ report: CoverageReport) {
            name = report.pack.name
            about = report.about
            at = report.pack.at.description
            reviewBy = report.reviewBy?.description
            sha256 = report.pack.digest.whole
            files = report.pack.digest.files.map { File(path: $0.path, sha256: $0.digest) }
        }
    }

    struct Clause: Encodable {
        struct Rule: Encodable {
            let kind: String
            let name: String
            let place: String
        }

        struct Test: Encodable {
            let name: String
            let place: String
            let passed: Bool
        }

        struct Evidence: Encodable {
            let at: String
            let what: String
            /// How many records there are of the clause.
            let records: Int?
        }

        let id: String
        let title: String
        let document: String?
        let kind: String
        let because: String?
        let controls: [String]
        let listed: Bool
        let standing: String
        let rules: [Rule]
        let tests: [Test]
        /// Not there while nothing is recorded.
        let lastEvidence: Evidence?

        init(_ clause: ClauseCoverage) {
            id = clause.clause.id
            title = clause.clause.title
            document = clause.clause.document
            kind = clause.clause.kind.rawValue
            because = clause.clause.because
            controls = clause.clause.controls
            listed = clause.isListed
            standing = clause.standing.rawValue
            rules = clause.rules.map {
                Rule(kind: $0.source.kind, name: $0.source.name, place: $0.location.description)
            }
            tests = clause.tests.map {
                Test(name: $0.name, place: $0.location.description, passed: $0.passed)
            }
            lastEvidence = clause.evidence.map {
                Evidence(at: $0.at.description, what: $0.what, records: $0.count)
            }
        }
    }

    struct Control: Encodable {
        let control: String
        let clauses: [String]
        let standing: String

        init(_ control: ControlCoverage) {
            self.control = control.control
            clauses = control.clauses.map(\.clause.id)
            standing = control.standing
        }
    }

    struct Tests: Encodable {
        struct Failed: Encodable {
            let name: String
            let place: String
            let failures: [String]
        }

        struct Class: Encodable {
            let name: String
            let place: String
            let tests: Int
        }

        struct Condition: Encodable {
            let of: String
            let condition: String
            let place: String
            let held: Int
            let failed: Int
        }

        struct Grant: Encodable {
            let `class`: String
            let system: String
            let reached: Int
            let refused: Int
        }

        struct Setting: Encodable {
            let setting: String
            let tests: Int
        }

        let count: Int
        let failed: [Failed]
        let classes: [Class]
        let conditions: [Condition]
        let grants: [Grant]
        let settings: [Setting]
        let withoutClause: [String]

        init(_ tests: TestCoverage) {
            count = tests.results.count
            failed = tests.failed.map {
                Failed(name: $0.name, place: $0.location.description, failures: $0.failures)
            }
            classes = tests.classes.map {
                Class(name: $0.name, place: $0.location.description, tests: $0.tests)
            }
            conditions = tests.conditions.map {
                Condition(
                    of: $0.owner, condition: $0.text, place: $0.location.description, held: $0.held,
                    failed: $0.failed)
            }
            grants = tests.grants.map {
                Grant(class: $0.policyClass, system: $0.system, reached: $0.reached, refused: $0.refused)
            }
            settings = tests.settings.map { Setting(setting: $0.setting.rawValue, tests: $0.tests) }
            withoutClause = tests.withoutClause
        }
    }
}
