package import Classification
package import PolicyLanguage

/// What a pack's tests try, and what they leave untried. Only tests that pass count.
package struct TestCoverage: Sendable, Hashable {
    package struct TriedClass: Sendable, Hashable {
        package let name: String
        package let location: SourceLocation
        /// How many tests end in it.
        package let tests: Int
    }

    /// A condition of a class, or a need of a system.
    package struct TriedCondition: Sendable, Hashable {
        /// `class employee`, `system payroll`.
        package let owner: String
        package let text: String
        package let location: SourceLocation
        /// How many tests saw it let a session pass.
        package let held: Int
        /// How many tests saw it stand in the way. In a class without access, what is not known does not.
        package let failed: Int

        package var isTried: Bool { held > 0 && failed > 0 }
    }

    /// One system that one class gives.
    package struct TriedGrant: Sendable, Hashable {
        package let policyClass: String
        package let system: String
        /// How many tests that end in the class reach the system, or a packet of it.
        package let reached: Int
        /// How many tests, wherever they end, are refused the system or a packet of it.
        package let refused: Int

        package var isTried: Bool { reached > 0 && refused > 0 }
    }

    package struct TriedSetting: Sendable, Hashable {
        package let setting: Setting
        package let tests: Int
    }

    /// In the pack's order, as all that follows.
    package let results: [PolicyTestResult]
    package let classes: [TriedClass]
    package let conditions: [TriedCondition]
    package let grants: [TriedGrant]
    /// What the pack's settings say beside what holds where they say nothing, and how many tests look at it.
    package let settings: [TriedSetting]
    /// Names of tests that cite no clause.
    package let withoutClause: [String]

    package var failed: [PolicyTestResult] { results.filter { !$0.passed } }
    package var untriedClasses: [TriedClass] { classes.filter { $0.tests == 0 } }
    package var untriedConditions: [TriedCondition] { conditions.filter { !$0.isTried } }
    package var untriedSettings: [TriedSetting] { settings.filter { $0.tests == 0 } }
    package var untriedGrants: [TriedGrant] { grants.filter { !$0.isTried } }
}
