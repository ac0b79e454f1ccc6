import Certificates
import Testing

/// A name of a leaf under a constraint of its issuer (RFC 5280 section 4.2.1.10).
struct Constrained: Sendable, CustomTestStringConvertible {
    let name: [UInt8]
    let base: [UInt8]
    /// What the constraint means for the name when it permits, and when it excludes.
    let isPermitted: Bool
    let isExcluded: Bool
    let why: String

    init(_ name: [UInt8], _ base: [UInt8], permitted: Bool, excluded: Bool, _ why: String) {
        self.name = name
        self.base = base
        isPermitted = permitted
        isExcluded = excluded
        self.why = why
    }

    var testDescription: String { why }
}

@Suite("Name constraints") struct NameConstraintTests {
    private typealias Name = ExtensionSpec

    static let cases: [Constrained] = [
        Constrained(Name.dns("a.com"), Name.dns("a.com"), permitted: true, excluded: true, "the name itself"),
        Constrained(
            Name.dns("B.A.com"), Name.dns("a.COM"), permitted: true, excluded: true,
            "below it, whatever the case"),
        Constrained(
            Name.dns("ba.com"), Name.dns("a.com"), permitted: false, excluded: false,
            "a suffix that is no label"),
        Constrained(Name.dns("a.com"), Name.dns(""), permitted: true, excluded: true, "every name"),
        Constrained(
            Name.dns("*.a.com"), Name.dns("a.com"), permitted: true, excluded: true, "a wildcard inside"),
        Constrained(
            Name.dns("*.a.com"), Name.dns("x.a.com"), permitted: false, excluded: true,
            "a wildcard that covers more"),
        Constrained(
            Name.email("u@a.com"), Name.email("a.com"), permitted: true, excluded: true,
            "a mailbox at the host"),
        Constrained(
            Name.email("u@x.a.com"), Name.email("a.com"), permitted: false, excluded: false,
            "a host below is another"),
        Constrained(
            Name.email("u@x.a.com"), Name.email(".a.com"), permitted: true, excluded: true, "hosts below"),
        Constrained(
            Name.email("u@a.com"), Name.email(".a.com"), permitted: false, excluded: false,
            "not the domain itself"),
        Constrained(
            Name.email("u@a.com"), Name.email("u@A.com"), permitted: true, excluded: true, "one mailbox"),
        Constrained(
            Name.email("U@a.com"), Name.email("u@a.com"), permitted: false, excluded: false,
            "case counts before @"),
        Constrained(
            Name.uri("https://a.com/x"), Name.uri("a.com"), permitted: true, excluded: true, "the host"),
        Constrained(
            Name.uri("https://u@x.a.com:1/"), Name.uri(".a.com"), permitted: true, excluded: true,
            "a host below"),
        Constrained(
            Name.uri("https://a.com/"), Name.uri(".a.com"), permitted: false, excluded: false,
            "not the host itself"),
        Constrained(
            Name.uri("urn:x:1"), Name.uri("a.com"), permitted: false, excluded: true, "no host: never good"),
        Constrained(
            Name.address(10, 1, 2, 3), Name.address(10, 0, 0, 0, 255, 0, 0, 0), permitted: true,
            excluded: true, "inside"),
        Constrained(
            Name.address(11, 1, 2, 3), Name.address(10, 0, 0, 0, 255, 0, 0, 0), permitted: false,
            excluded: false, "outside"),
        Constrained(
            Name.directory(Write.name("x")),
            Name.directory(Write.name([("2.5.4.10", Write.printable("EXAMPLE"))])),
            permitted: true, excluded: true, "a name below"),
        Constrained(
            Name.principal("u@a"), Name.principal("u@a"), permitted: false, excluded: true,
            "a form that cannot be checked"),
        Constrained(Name.dns("a.com"), Name.email("a.com"), permitted: true, excluded: false, "another form"),
    ]

    @Test(arguments: cases, [false, true]) func holds(_ case_: Constrained, excluded: Bool) throws {
        var chain = ChainSpec()
        chain.leaf["2.5.29.17"] = .alternativeNames(case_.name)
        chain.root.extensions.append(
            excluded ? .nameConstraints(excluded: [case_.base]) : .nameConstraints(permitted: [case_.base]))
        let (_, reasons) = try ChainTests.verdict(chainBelowRoot(chain))
        let isGood = excluded ? !case_.isExcluded : case_.isPermitted
        #expect(reasons.isEmpty == isGood, "\(reasons.map(\.description))")
    }

    /// The root signs the leaf itself.
    private func chainBelowRoot(_ chain: ChainSpec) -> ChainSpec {
        var chain = chain
        chain.leaf.issuer = chain.root.subject
        chain.leaf.signer = chain.rootKey
        return chain
    }

    /// RFC 5280 asks for this only without a subjectAltName; rules read the attribute always.
    @Test func aMailboxInTheSubjectIsHeldAgainstThem() throws {
        var chain = ChainSpec()
        chain.leaf.subject = Write.name([
            ("2.5.4.3", Write.utf8("laptop")),
            ("1.2.840.113549.1.9.1", Write.element(0x16, Array("u@other.org".utf8))),
        ])
        chain.intermediate.extensions.append(
            .nameConstraints(permitted: [ExtensionSpec.email("example.com")]))
        let (_, reasons) = try ChainTests.verdict(chain)
        #expect(reasons.map(\.text).contains { $0.hasPrefix("has the email u@other.org, not permitted by") })
    }

    @Test func aNewCertificateOfTheAuthorityItselfIsExempt() throws {
        var chain = ChainSpec()
        chain.root.extensions.append(.nameConstraints(permitted: [ExtensionSpec.dns("example.com")]))
        chain.intermediate.subject = chain.root.subject
        chain.intermediate.extensions.append(.alternativeNames(ExtensionSpec.dns("elsewhere.org")))
        chain.leaf.issuer = chain.root.subject
        let (_, reasons) = try ChainTests.verdict(chain)
        #expect(reasons == [])
    }
}
