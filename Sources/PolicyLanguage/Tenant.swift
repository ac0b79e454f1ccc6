import Sessions

/// One of several organisations behind one gateway, as systems belong to it.
///
/// A device of the tenant's own proves enough by its certificate. Whoever comes with another tenant's device proves a
/// code of this one, of a seed that is for it alone.
package struct Tenant: Sendable, Hashable {
    package let name: String
    /// One line for people; empty when the pack has none.
    package let about: String
    /// What the device register calls it.
    package let organisation: String
    /// How long a code of the tenant's counts.
    package let mfaWithin: Duration
    package let serving: Settings.Serving

    package init(
        name: String, about: String = "", organisation: String, mfaWithin: Duration, serving: Settings.Serving
    ) {
        self.name = name
        self.about = about
        self.organisation = organisation
        self.mfaWithin = mfaWithin
        self.serving = serving
    }
}
