package import PolicyLanguage
import Sessions

/// What the vendors of a pack have in common: what a new one is taken to have unless somebody says otherwise.
///
/// Each is nil where they differ, and where there is no vendor; of a vendor that may come with several authorities, too.
package struct VendorHabits: Sendable, Hashable {
    package var authority: String?
    package var zone: String?
    package var hours: VendorDraft.Hours?
    /// As rule files write it: `8h`.
    package var mfa: String?
    package var warnBefore: String?
    /// Those that all of them cite; empty where there is none.
    package var cites: [String] = []
}

extension Policy {
    package var vendorHabits: VendorHabits {
        let vendors = classes.filter { $0.contract != nil }
        guard let first = vendors.first else { return VendorHabits() }
        return VendorHabits(
            authority: Self.common(vendors.map(\.onlyAuthority)), zone: Self.common(vendors.map(\.zone)),
            hours: Self.common(vendors.map(\.hours)), mfa: Self.common(vendors.map(\.codeAge)),
            warnBefore: Self.common(vendors.map(\.warnBefore)),
            cites: first.cites.filter { cite in vendors.allSatisfy { $0.cites.contains(cite) } })
    }

    private static func common<Value: Equatable>(_ values: [Value?]) -> Value? {
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}

extension PolicyClass {
    fileprivate var onlyAuthority: String? {
        for condition in conditions {
            if case .certificate(let authorities) = condition.test, authorities.count == 1 {
                return authorities[0].name
            }
        }
        return nil
    }

    var weeklyHours: WeeklyHours? {
        for condition in conditions {
            if case .hours(let hours) = condition.test { return hours }
        }
        return nil
    }

    fileprivate var zone: String? { weeklyHours?.clock.zoneName }
    fileprivate var hours: VendorDraft.Hours? { weeklyHours.map(VendorDraft.Hours.init) }

    fileprivate var codeAge: String? {
        for condition in conditions {
            if case .mfa(let within) = condition.test { return TimeText.text(within) }
        }
        return nil
    }

    /// Nil for what files need not say.
    fileprivate var warnBefore: String? {
        contract.flatMap { $0.warnBefore == .seconds(30 * 86_400) ? nil : TimeText.text($0.warnBefore) }
    }
}

extension VendorDraft.Hours {
    init(_ hours: WeeklyHours) {
        self.init(days: hours.dayRuns, from: hours.fromText, to: hours.toText)
    }
}
