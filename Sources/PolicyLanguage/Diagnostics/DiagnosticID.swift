/// The stable name of a kind of diagnostic. Sorted; a name is never given a new meaning.
package enum DiagnosticID: String, Sendable, Hashable, CaseIterable {
    case accessWithoutCertificate = "access-without-certificate"
    case anchorsRefused = "anchors-refused"
    case andMore = "and-more"
    case badCharacter = "bad-character"
    case badCSV = "bad-csv"
    case badYAML = "bad-yaml"
    case behaviourGains = "behaviour-gains"
    case conflictingSystems = "conflicting-systems"
    case contractDates = "contract-dates"
    case contractEnded = "contract-ended"
    case contractEndsSoon = "contract-ends-soon"
    case duplicateKey = "duplicate-key"
    case duplicateName = "duplicate-name"
    case emptyFile = "empty-file"
    case emptyList = "empty-list"
    case fileTooLarge = "file-too-large"
    case hostBits = "host-bits"
    case insideTooWide = "inside-too-wide"
    case lineTooLong = "line-too-long"
    case matchesEveryone = "matches-everyone"
    case missingFile = "missing-file"
    case missingKey = "missing-key"
    case nestingTooDeep = "nesting-too-deep"
    case notUTF8 = "not-utf8"
    case opensInternet = "opens-internet"
    case overlappingSystems = "overlapping-systems"
    case reservedName = "reserved-name"
    case reviewOverdue = "review-overdue"
    case severalDocuments = "several-documents"
    case shadowedClass = "shadowed-class"
    case specialAddress = "special-address"
    case tagsRefused = "tags-refused"
    case tooMany = "too-many"
    case undefinedAuthority = "undefined-authority"
    case undefinedClass = "undefined-class"
    case undefinedClause = "undefined-clause"
    case undefinedDevice = "undefined-device"
    case undefinedGroup = "undefined-group"
    case undefinedLabel = "undefined-label"
    case undefinedOffice = "undefined-office"
    case undefinedSystem = "undefined-system"
    case undefinedTenant = "undefined-tenant"
    case ungrantable = "ungrantable"
    case unknownFile = "unknown-file"
    case unknownKey = "unknown-key"
    case unknownName = "unknown-name"
    case unknownSetting = "unknown-setting"
    case unknownUser = "unknown-user"
    case unknownZone = "unknown-zone"
    case unregisteredWithAccess = "unregistered-with-access"
    case wrongType = "wrong-type"
    case wrongValue = "wrong-value"

    /// One severity for each: what may be loaded, and what may not, is not a matter of circumstances.
    package var severity: Diagnostic.Severity {
        switch self {
        case .accessWithoutCertificate, .andMore, .contractEnded, .contractEndsSoon, .matchesEveryone,
            .overlappingSystems, .reviewOverdue, .shadowedClass, .ungrantable, .unknownName, .unknownUser:
            .warning
        default: .error
        }
    }
}
