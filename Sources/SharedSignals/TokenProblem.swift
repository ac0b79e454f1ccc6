/// Why a token is not taken: one reason each, in words that say nothing of what the gateway knows.
package enum TokenProblem: Error, Sendable, Hashable, CaseIterable {
    case tooLarge
    /// Not three parts of base64url with dots between them (RFC 7515 section 3.1).
    case notCompact
    case badHeader
    /// `typ` says something else, or nothing (RFC 8417 section 2.3): an access or identity token is no event.
    case notAnEvent
    /// `none`, an HMAC, or anything else that is not on the list.
    case refusedAlgorithm
    /// A header that must be understood and is not (RFC 7515 section 4.1.11).
    case criticalHeader
    case unknownKey
    case badSignature
    case badClaims
    case wrongIssuer
    case wrongAudience
    case noTokenID
    case noIssueTime
    case fromTheFuture
    case tooOld
    case noEvents
    case tooManyEvents
    case noSubject
    case badSubject
    case twoSubjects
    case badEvent

    /// A code of RFC 8935 section 2.4.
    package enum Code: String, Sendable {
        case invalidRequest = "invalid_request"
        case invalidKey = "invalid_key"
        case invalidIssuer = "invalid_issuer"
        case invalidAudience = "invalid_audience"
        case authenticationFailed = "authentication_failed"
        case accessDenied = "access_denied"
    }

    package var code: Code {
        switch self {
        case .refusedAlgorithm, .unknownKey: .invalidKey
        case .badSignature: .authenticationFailed
        case .wrongIssuer: .invalidIssuer
        case .wrongAudience: .invalidAudience
        case .tooLarge, .notCompact, .badHeader, .notAnEvent, .criticalHeader, .badClaims, .noTokenID,
            .noIssueTime, .fromTheFuture, .tooOld, .noEvents, .tooManyEvents, .noSubject, .badSubject,
            .twoSubjects, .badEvent:
            .invalidRequest
        }
    }

    package var description: String {
        switch self {
        case .tooLarge: "the token is too large"
        case .notCompact: "the body is no signed token in compact form"
        case .badHeader: "the token's header cannot be read"
        case .notAnEvent: "the token's typ is not secevent+jwt"
        case .refusedAlgorithm: "the token's algorithm is not accepted"
        case .criticalHeader: "the token has a critical header that is not understood"
        case .unknownKey: "the token is signed with a key that is not known"
        case .badSignature: "the token's signature is not good"
        case .badClaims: "the token's claims cannot be read"
        case .wrongIssuer: "the token is of another issuer"
        case .wrongAudience: "the token is for another audience"
        case .noTokenID: "the token has no jti that can be kept"
        case .noIssueTime: "the token has no iat"
        case .fromTheFuture: "the token's iat is in the future"
        case .tooOld: "the token's iat is too long ago"
        case .noEvents: "the token has no events"
        case .tooManyEvents: "the token has too many events"
        case .noSubject: "the event has no subject"
        case .badSubject: "the subject cannot be read, or its format is not known"
        case .twoSubjects: "the event and the token name different subjects"
        case .badEvent: "the event lacks something that it must have, or has a value that is not known"
        }
    }
}
