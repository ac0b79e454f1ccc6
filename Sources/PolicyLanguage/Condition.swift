package import Evidence
package import NetworkTypes

/// One thing that must hold for a class to match or a grant to be there, with the place where it was written.
package struct Condition: Sendable, Hashable {
    package let test: Test
    package let location: SourceLocation

    package init(_ test: Test, at location: SourceLocation) {
        self.test = test
        self.location = location
    }

    /// What is asked about something current (a code, posture, an approval, a loan) is true or false: missing or stale is
    /// false. What is asked about a value (a country, a status, an attribute) can be unknown.
    package enum Test: Sendable, Hashable {
        // The certificate.

        /// The chain's issuers include one of these authorities, which has not withdrawn it. No certificate is false; not
        /// hearing from the authority, where it must be heard, is unknown.
        case certificate(authorities: [Authority])
        /// The leaf's organisation (the subject's O, as handed over by itself). True or false.
        case organisation(String)
        /// One value of an attribute of the leaf is one of these. Unknown while the certificate itself is not at hand.
        case attribute(CertificateAttribute, Set<TextPattern>)

        // The device.

        /// The register's status is one of these. Unknown when the device is not on the register.
        case device(Set<DeviceStatus>)
        /// The register's kind is one of these. Unknown when the device is not on the register.
        case deviceKind(Set<DeviceKind>)
        /// Unknown when the device is not on the register, or the register does not say.
        case deviceManaged(Bool)
        /// Unknown when the device is not on the register, or the register does not say.
        case deviceOrganisation(Set<String>)
        /// The device was given to the user of the session. True or false.
        case deviceOwned
        /// A loan of the device to the user of the session is open. True or false.
        case deviceLent
        /// The device was on site at most this long ago. True or false.
        case deviceOnSite(within: Duration)
        /// The device is not on the register. Only for classes without access: knowing less must gain nothing.
        case unregistered
        /// A report of the device says that it is protected so. True or false.
        case posture(PostureNeed)
        /// The client says so of itself. Unknown when it does not say, or not so that it can be compared.
        case client(ClientNeed)

        // The person.

        /// A second factor was proved at most this long ago. True or false.
        case mfa(within: Duration)
        /// The device is the tenant's own, or a code of the tenant's was given lately. True or false.
        case tenant(Tenant)
        /// The given name is one of these. True or false.
        case user(Set<String>)
        /// The user is in one of these groups. Unknown when the user is not registered.
        case group(Set<String>)
        /// Unknown when the user is not registered, or the register does not say.
        case userOrganisation(Set<String>)
        /// The user has done all of these. True or false.
        case steps(Set<String>)
        /// The user confirmed having read the procedures at most this long ago. True or false.
        case acknowledged(within: Duration)
        /// The user was allowed this by name, and is still. True or false.
        case approval(ApprovalNeed)

        // The place and the time.

        /// The outer address is in one of these countries. Unknown when the country is.
        case country(Set<CountryCode>)
        /// The outer address is one of the organisation's own offices'. Unknown when the address is.
        case office([Office])
        /// Now is within these hours. Always known.
        case hours(WeeklyHours)
        /// Now is within the vendor's contract. Always known.
        case contract(Contract)

        // What was seen, and what is never.

        /// One of these was seen: in this session, at any time; or in another of the same device or person, at most so
        /// long ago. True or false: what nobody saw was not done.
        case behaviour([Behaviour: Duration])
        /// False: a system with this label is not for remote sessions.
        case never(label: String)
    }
    package var isAboutBehaviour: Bool {
        if case .behaviour = test { true } else { false }
    }
}

/// Something that a leaf certificate says of its holder.
package enum CertificateAttribute: Sendable, Hashable {
    /// By short name (`OU`) or dotted object identifier.
    case subject(String)
    case email, uri, dns, userPrincipalName
    /// By dotted object identifier.
    case `extension`(String)
}

/// A text in which one `*` may stand for one character or more, but not for `@` or `/`: `*@council.example` is every
/// mailbox of that domain, and none of `x@council.example@elsewhere`.
package struct TextPattern: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private let head: [UInt8]
    /// Nil when there is no `*`: the text is exactly the head.
    private let tail: [UInt8]?

    /// Nil for an empty text and for more than one `*`.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard !text.isEmpty, parts.count <= 2 else { return nil }
        description = text
        head = Array(parts[0])
        tail = parts.count == 2 ? Array(parts[1]) : nil
    }

    /// - Parameter ignoringCase: of ASCII letters, as mail domains and host names do.
    package func matches(_ text: String, ignoringCase: Bool = false) -> Bool {
        let fold = { (byte: UInt8) in
            ignoringCase && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        let bytes = text.utf8.map(fold)
        guard let tail else { return bytes == head.map(fold) }
        guard bytes.count > head.count + tail.count, bytes.starts(with: head.map(fold)),
            bytes.suffix(tail.count).elementsEqual(tail.map(fold))
        else { return false }
        let between = bytes[head.count..<(bytes.count - tail.count)]
        return !between.contains { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "/") }
    }
}

/// One way in which a device must be protected, as its last report says.
package enum PostureNeed: Sendable, Hashable {
    /// The signatures were made at most so long ago.
    case antivirus(within: Duration)
    /// Updates were installed at most so long ago.
    case patches(within: Duration)
    /// On, and seen so at most so long ago.
    case diskEncryption(seenWithin: Duration)
    /// On, and seen so at most so long ago.
    case firewall(seenWithin: Duration)
    /// Locks by itself after at most so many minutes, and was seen so at most so long ago.
    case screenLock(atMostMinutes: Int, seenWithin: Duration)

    /// How long a switch that was seen on counts as on, where the rule does not say.
    package static let usualAge: Duration = .seconds(86_400)
}

/// What a client must say of itself.
package enum ClientNeed: Sendable, Hashable {
    /// One of these.
    case platform(Set<ClientPlatform>)
    case version(atLeast: ClientVersion)
    /// It sends everything through the tunnel.
    case noSplitTunnel
}

/// An approval that somebody must have.
package enum ApprovalNeed: Sendable, Hashable {
    case remoteWorking
    /// For the country that the session comes from.
    case travel
    /// For a system, by its name or its label.
    case system(name: String, label: String?)
    /// By the name that the rule gives the exception.
    case exception(String)
}

/// Networks that the organisation's own people connect from when they are at their desks.
package struct Office: Sendable, Hashable {
    package let name: String
    package let networks: [IPPrefix]

    package init(name: String, networks: [IPPrefix]) {
        self.name = name
        self.networks = networks
    }
}
