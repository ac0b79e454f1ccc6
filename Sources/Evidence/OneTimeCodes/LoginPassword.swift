package import Sessions

/// What came in the password slot of a login, taken apart.
///
/// OpenVPN has one slot for whatever the person typed: `doc/management-notes.txt`, "Challenge/Response Protocol",
/// says how a code is put in beside the password. Nothing here is proven; the code goes to ``TOTPVerifier``.
package struct LoginPassword: Sendable {
    /// How the slot was filled.
    package enum Form: Sendable, Hashable {
        /// A password as typed, or nothing.
        case password
        /// Six or eight digits and nothing else: taken for a code, since nobody else checks it.
        case code
        /// `SCRV1:<base64 password>:<base64 response>`: the client asked both (`static-challenge`).
        case staticChallenge
        /// `CRV1::<state>::<response>`: the answer to a challenge that we sent in a refusal.
        case dynamicChallenge(state: String)
        /// `SESS_ID_AT_...`: a token that the server issued (`auth-gen-token`). Never a code, and no proof of one
        /// unless the server vouches for it.
        case sessionToken
    }

    /// Why a slot cannot be read. Says nothing of what was in it.
    package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        case malformedStaticChallenge
        case malformedDynamicChallenge

        package var description: String {
            switch self {
            case .malformedStaticChallenge: "expected 'SCRV1:' and two base64 fields in the password slot"
            case .malformedDynamicChallenge:
                "expected 'CRV1::', a state, '::' and a response in the password slot"
            }
        }
    }

    package let form: Form
    /// The password without the code; empty when the form has none.
    package let password: Secret
    /// What was given as a code, spaces taken out (apps show `123 456`); nil when nothing was. Not yet known to be
    /// digits, except in a bare code.
    package let code: Secret?

    /// Takes the slot apart. A password that merely begins with `SCRV1:` or `CRV1::` is malformed, not a password:
    /// reading it either way would let a client choose which check it meets.
    package init(_ slot: Secret) throws(Problem) {
        self = try Self.parts(slot).get()
    }

    private init(form: Form, password: Secret = Secret([]), response: [UInt8] = []) {
        let code = response.filter { $0 != UInt8(ascii: " ") }
        self.form = form
        self.password = password
        self.code = code.isEmpty ? nil : Secret(code)
    }

    private static func parts(_ slot: Secret) -> Result<Self, Problem> {
        slot.withBytes { bytes in
            if bytes.starts(with: "SESS_ID_AT_".utf8) {
                return .success(LoginPassword(form: .sessionToken))
            }
            if bytes.starts(with: "SCRV1:".utf8) { return staticChallenge(bytes.dropFirst(6)) }
            if bytes.starts(with: "CRV1::".utf8) { return dynamicChallenge(bytes.dropFirst(6)) }
            if TOTPSeed.hasShapeOfCode(bytes) { return .success(LoginPassword(form: .code, response: bytes)) }
            return .success(LoginPassword(form: .password, password: slot))
        }
    }

    private static func staticChallenge(_ fields: ArraySlice<UInt8>) -> Result<Self, Problem> {
        let fields = fields.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 2, let password = BinaryText.base64.decode(fields[0]),
            let response = BinaryText.base64.decode(fields[1])
        else { return .failure(.malformedStaticChallenge) }
        return .success(LoginPassword(form: .staticChallenge, password: Secret(password), response: response))
    }

    private static func dynamicChallenge(_ rest: ArraySlice<UInt8>) -> Result<Self, Problem> {
        let colon = UInt8(ascii: ":")
        guard let end = rest.indices.dropLast().first(where: { rest[$0] == colon && rest[$0 + 1] == colon }),
            end > rest.startIndex, let state = String(validating: rest[..<end], as: UTF8.self)
        else { return .failure(.malformedDynamicChallenge) }
        return .success(
            LoginPassword(form: .dynamicChallenge(state: state), response: Array(rest[(end + 2)...])))
    }
}
