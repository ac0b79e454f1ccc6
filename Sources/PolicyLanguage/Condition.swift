package import Evidence

/// One thing that must hold for a class to match or a grant to be there, with the place where it was written.
package struct Condition: Sendable, Hashable {
    package let test: Test
    package let location: SourceLocation

    package init(_ test: Test, at location: SourceLocation) {
        self.test = test
        self.location = location
    }

    package enum Test: Sendable, Hashable {
        /// The chain's issuers include one of these authorities. True or false: no certificate is false.
        case certificate(authorities: [Authority])
        /// The leaf's organisation (the subject's O, as handed over by itself). True or false.
        case organisation(String)
        /// The register's status is one of these. Unknown when the device is not on the register.
        case device(Set<DeviceStatus>)
        /// The device is not on the register. Only for classes without access: knowing less must gain nothing.
        case unregistered
        /// A second factor was proved at most this long ago. True or false.
        case mfa(within: Duration)
        /// Now is within these hours. Always known.
        case hours(WeeklyHours)
        /// The given name is one of these. True or false.
        case user(Set<String>)
        /// The user is in one of these groups. Unknown when the user is not registered.
        case group(Set<String>)
        /// Now is within the vendor's contract. Always known.
        case contract(Contract)
        /// One of these was seen: in this session, at any time; or in another of the same device or person, at most so
        /// long ago. True or false: what nobody saw was not done.
        case behaviour([Behaviour: Duration])
    }
    package var isAboutBehaviour: Bool {
        if case .behaviour = test { true } else { false }
    }
}
