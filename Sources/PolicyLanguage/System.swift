package import FlowSpace
package import NetworkTypes

/// A named destination: what a grant opens.
package struct System: Sendable, Hashable {
    package let name: String
    /// One line for people; empty when the pack has none.
    package let about: String
    package let addresses: [AddressRange]
    package let services: [Service]
    /// How sensitive its data is, in the organisation's words; nil when nobody said.
    package let label: String?
    /// Conditions on top of the class's: a grant is there only while they hold.
    package let needs: [Condition]
    /// Every packet that the system takes: addresses times services.
    package let space: FlowSpace
    package let location: SourceLocation

    package init(
        name: String, about: String = "", addresses: [AddressRange], services: [Service],
        label: String? = nil, needs: [Condition] = [], location: SourceLocation
    ) {
        self.name = name
        self.about = about
        self.addresses = addresses
        self.services = services
        self.label = label
        self.needs = needs
        self.location = location
        space = FlowSpace(addresses: addresses, services: services)
    }
}
