package import PolicyLanguage

/// One clause of the written policy, with what serves it and what shows that it does.
package struct ClauseCoverage: Sendable, Hashable {
    package let clause: Clause
    /// Whether the pack's list of clauses has it. A pack without such a list has the clauses that it cites.
    package let isListed: Bool
    /// Classes and settings that cite it, in the order of their places.
    package let rules: [Citation]
    /// In the order of their places.
    package let tests: [CitingTest]
    /// Nil while nothing is recorded.
    package let evidence: ClauseMention?

    package enum Standing: String, Sendable, Hashable, CaseIterable {
        case covered
        case testFails = "a test fails"
        case noTest = "no test"
        case noRule = "no rule"
        case nothing = "neither rule nor test"
        /// Nothing that a gateway does serves it; the clause says why.
        case outOfReach = "out of reach"
    }

    /// Covered takes a rule that cites it, a test that cites it, and no such test that fails.
    package var standing: Standing {
        if clause.kind == .outOfReach { return .outOfReach }
        switch (rules.isEmpty, tests.isEmpty) {
        case (true, true): return .nothing
        case (true, false): return .noRule
        case (false, true): return .noTest
        case (false, false): return tests.allSatisfy(\.passed) ? .covered : .testFails
        }
    }
}

/// A test of the pack that cites a clause.
package struct CitingTest: Sendable, Hashable {
    package let name: String
    package let location: SourceLocation
    package let passed: Bool
}

extension Citation.Source {
    /// `class`, `vendor`, `setting`, `tenant` or `test`.
    var kind: String {
        switch self {
        case .policyClass(let name): name.hasPrefix(Self.vendorPrefix) ? "vendor" : "class"
        case .setting: "setting"
        case .tenant: "tenant"
        case .test: "test"
        }
    }

    var name: String {
        switch self {
        case .policyClass(let name):
            name.hasPrefix(Self.vendorPrefix) ? String(name.dropFirst(Self.vendorPrefix.count)) : name
        case .setting(let name), .tenant(let name), .test(let name): name
        }
    }

    /// What the names of classes begin with that are made of vendors' files.
    private static var vendorPrefix: String { "vendor:" }
}
