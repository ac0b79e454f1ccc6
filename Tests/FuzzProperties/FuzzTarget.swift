/// A decoder of bytes from outside, and what holds for it whatever the bytes are.
///
/// The properties are one target's, so that the fuzzers (Tests/Fuzz) and the ordinary tests of what they keep check the
/// same.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// What OpenVPN says over its management interface.
    case management
    /// Certificates of clients and of authorities, in PEM and DER.
    case certificate
    /// What the helper hands over at a login.
    case handOver = "hand-over"
    /// Revocation lists.
    case list
    /// Answers of OCSP responders.
    case answer
    /// HTTP of OCSP responders, and where they are.
    case http
    /// Posture reports: this gateway's format and osquery's.
    case posture
    /// Security event tokens, their claims, and answers of those who are asked for them.
    case signal
    /// What people type as passwords, and files of seeds.
    case code
    /// Packs of rule files, with registers and tests.
    case rules
    /// Exports of other systems, with the mappings that say how to read them.
    case tables = "import"
    /// Replies of the kernel over netlink.
    case kernel
    /// Requests over the control socket, and replies.
    case control
    /// Databases of countries.
    case country
    /// Frames of a tunnel.
    case decode
    /// Capture files.
    case capture
    /// Files of the audit record.
    case audit

    /// Returns what does not hold of these bytes; nil when all is well.
    public func violation(in input: [UInt8]) -> String? {
        switch self {
        case .management: ManagementProperties.violation(in: input)
        case .certificate: CertificateProperties.certificateViolation(in: input)
        case .handOver: CertificateProperties.handOverViolation(in: input)
        case .list: CertificateProperties.listViolation(in: input)
        case .answer: CertificateProperties.answerViolation(in: input)
        case .http: CertificateProperties.httpViolation(in: input)
        case .posture: PostureProperties.violation(in: input)
        case .signal: SignalProperties.violation(in: input)
        case .code: CodeProperties.violation(in: input)
        case .rules: RuleProperties.violation(in: input)
        case .tables: ImportProperties.violation(in: input)
        case .kernel: KernelProperties.violation(in: input)
        case .control: ControlProperties.violation(in: input)
        case .country: CountryProperties.violation(in: input)
        case .decode: DecodeProperties.violation(in: input)
        case .capture: CaptureProperties.violation(in: input)
        case .audit: AuditProperties.violation(in: input)
        }
    }

    /// The longest input that the fuzzer makes: as long as the decoder needs to show all that it does.
    public var maximumLength: Int {
        switch self {
        case .management, .certificate, .handOver, .list, .rules: 6_144
        case .audit: 4_096
        case .code, .tables, .kernel, .control, .country, .http, .answer, .posture, .signal, .decode,
            .capture:
            2_048
        }
    }

    /// Sound inputs, made of the fixtures of the tests. What has a corpus of its own from the start has none here.
    public var seeds: [[UInt8]] {
        switch self {
        case .management: FuzzSeeds.management
        case .certificate: FuzzSeeds.certificates
        case .handOver: FuzzSeeds.certificates.map { [1, 0] + $0 }
        case .list: FuzzSeeds.lists
        case .answer: FuzzFixtures.files(in: "FuzzProperties/Fixtures", withSuffix: ".ocsp").map(\.bytes)
        case .http: FuzzSeeds.http
        case .posture: FuzzSeeds.posture
        case .signal: SignalProperties.seeds
        case .code: FuzzSeeds.codes
        case .rules: FuzzSeeds.rules.filter { $0.count <= maximumLength }
        case .tables: FuzzSeeds.tables.filter { $0.count <= maximumLength }
        case .kernel: FuzzSeeds.kernel
        case .control: FuzzSeeds.control
        case .country: FuzzFixtures.literals(in: "PlaceTests/TextDatabaseTests.swift")
        case .audit: AuditProperties.seeds
        case .decode, .capture: []
        }
    }
}
