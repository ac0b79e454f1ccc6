package import Sessions

/// Why a responder's bytes are no answer, in words for an administrator.
package struct OCSPProblem: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// What a responder said of one certificate, its signature checked.
package struct OCSPAnswer: Sendable, Hashable {
    package enum Standing: Sendable, Hashable {
        case good
        case revoked(since: Instant)
        /// The responder has not heard of the certificate.
        case unknown
    }

    package let standing: Standing
    package let thisUpdate: Instant
    /// The first instant at which it is too old.
    package let until: Instant
}

/// A responder's bytes, taken apart (RFC 6960 section 4.2); whose they are is not known yet.
package struct OCSPResponse: Sendable {
    /// An answer for one certificate, with the certificate of who signed it, has 2 to 5 KB.
    package static let maximumBytes = 64 * 1024
    /// For an answer that does not say until when it is good. The RFC takes that for "something newer is always to be
    /// had" (section 4.2.2.1), which a client that keeps the answer must bound somehow.
    package static let usualLife = Duration.seconds(600)
    /// How far the responder's clock may be ahead.
    package static let clockSkew = Duration.seconds(300)
    private static let maximumCertificates = 8

    private enum Responder {
        case name(DirectoryName)
        case key(ArraySlice<UInt8>)
    }

    private struct Single {
        let identifier: DERElement
        let answer: OCSPAnswer
        let hasUnknownCritical: Bool
    }

    private let signedBytes: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>
    private let algorithm: AlgorithmIdentifier
    private let certificates: [DERElement]
    private let responder: Responder
    private let singles: [Single]
    private let nonce: ArraySlice<UInt8>?
    private let hasUnknownCritical: Bool

    package init(der: [UInt8]) throws(OCSPProblem) {
        guard der.count <= Self.maximumBytes else {
            throw OCSPProblem("\(der.count) bytes are more than an answer may have")
        }
        do {
            let bytes = try Self.basicResponse(der)
            var document = DERReader(bytes)
            let basic = try document.next("the answer", tag: DERTag.sequence)
            try document.expectEnd("the answer")
            var outer = basic.reader
            let signed = try outer.next("the signed part", tag: DERTag.sequence)
            signedBytes = signed.bytes
            algorithm = try AlgorithmIdentifier(
                try outer.next("the signature's algorithm", tag: DERTag.sequence))
            signature = try outer.next("the signature", tag: DERTag.bitString).wholeBytes
            certificates = try Self.list(
                try outer.optional("the certificates", tag: DERTag.constructed(0)), "the certificates")
            try outer.expectEnd("the answer")

            var reader = signed.reader
            if let version = try reader.optional("the version", tag: DERTag.constructed(0)) {
                var inner = version.reader
                let number = try inner.next("the version", tag: DERTag.integer).smallNumber("the version")
                guard number == 0 else { throw OCSPProblem("the answer has version \(number + 1), not 1") }
            }
            responder = try Self.responder(try reader.next("the responder's name"))
            _ = try reader.next("producedAt", tag: DERTag.generalizedTime).time("producedAt")
            singles = try Self.singles(try reader.next("the answers", tag: DERTag.sequence))
            let tagged = try reader.optional("the extensions", tag: DERTag.constructed(1))
            var nonce: ArraySlice<UInt8>?
            var isUnknown = false
            for item in try Self.extensions(tagged) {
                if item.identifier == .ocspNonce {
                    var value = DERReader(item.value)
                    // Before RFC 8954 the nonce stood there without an OCTET STRING around it.
                    nonce =
                        (try? value.next("the nonce", tag: DERTag.octetString).content) ?? item.value
                } else if item.isCritical {
                    isUnknown = true
                }
            }
            try reader.expectEnd("the signed part")
            self.nonce = nonce
            hasUnknownCritical = isUnknown
        } catch let error as DERError {
            throw OCSPProblem("the responder's answer is broken: \(error)")
        } catch let problem as OCSPProblem {
            throw problem
        } catch {
            throw OCSPProblem("\(error)")
        }
    }

    /// The answer to `question`, or why there is none.
    ///
    /// Signed by the issuer itself, or by a certificate that the issuer has issued for that purpose (section 4.2.2.2).
    /// Such a delegate must say that it need not be asked about itself (id-pkix-ocsp-nocheck): nobody here would ask.
    /// Where the question had a nonce, an answer with another one is somebody else's; an answer without one counts, for
    /// most responders sign in advance (RFC 5019 section 4), and its dates bound what a replay gains.
    package func answer(
        to question: OCSPQuestion, nonce asked: [UInt8] = [], at now: Instant
    ) throws(OCSPProblem) -> OCSPAnswer {
        guard !hasUnknownCritical else {
            throw OCSPProblem("the answer has a critical extension that is not known here")
        }
        if let nonce, !asked.isEmpty, !nonce.elementsEqual(asked) {
            throw OCSPProblem("the answer is for another question: its nonce is not the one that was sent")
        }
        try checkSignature(issuer: question.issuer, at: now)
        var best: OCSPAnswer?
        for single in singles {
            let isMeant: Bool
            do { isMeant = try question.isMeant(by: single.identifier) } catch { continue }
            guard isMeant else { continue }
            guard !single.hasUnknownCritical else {
                throw OCSPProblem("the answer has a critical extension that is not known here")
            }
            // Where it says two things of one certificate, revoked is what counts, then the newer one.
            if case .revoked = single.answer.standing { best = single.answer }
            if case .revoked = best?.standing { continue }
            if best.map({ $0.thisUpdate < single.answer.thisUpdate }) ?? true { best = single.answer }
        }
        guard let best else { throw OCSPProblem("the answer is about other certificates") }
        guard best.thisUpdate <= now + Self.clockSkew else {
            throw OCSPProblem("the answer is of later, \(best.thisUpdate)")
        }
        guard now < best.until else { throw OCSPProblem("the answer is overdue since \(best.until)") }
        return best
    }

    // MARK: Signature

    private func checkSignature(issuer: DecodedCertificate, at now: Instant) throws(OCSPProblem) {
        if case .refused(let why) = SignatureAlgorithm(algorithm) {
            throw OCSPProblem("the answer has a signature that does not count: \(why)")
        }
        if isNamed(issuer) {
            guard issuer.hasSigned(signedBytes, signature: signature, algorithm: algorithm) else {
                throw OCSPProblem("the answer is not signed by \(issuer.shownName), which it names")
            }
            return
        }
        var problem: String?
        for element in certificates {
            guard let delegate = try? DecodedCertificate(der: Array(element.bytes)), isNamed(delegate) else {
                continue
            }
            guard let found = Self.problem(of: delegate, issuer: issuer, at: now) else {
                guard delegate.hasSigned(signedBytes, signature: signature, algorithm: algorithm) else {
                    throw OCSPProblem("the answer is not signed by \(delegate.shownName), which it names")
                }
                return
            }
            problem = problem ?? "the answer is signed by \(delegate.shownName), which \(found)"
        }
        throw OCSPProblem(problem ?? "the answer is signed by nobody whose certificate is at hand")
    }

    private func isNamed(_ certificate: DecodedCertificate) -> Bool {
        switch responder {
        case .name(let name): name == certificate.subject
        // SHA-1 of the key's bits, whatever the rest of the answer uses (section 4.2.1).
        case .key(let hash): hash.elementsEqual(CertificateHash.sha1.of(certificate.keyBits))
        }
    }

    /// Why a certificate that came with an answer may not speak for the issuer; nil when it may.
    private static func problem(
        of delegate: DecodedCertificate, issuer: DecodedCertificate, at now: Instant
    ) -> String? {
        guard delegate.issuer == issuer.subject,
            delegate.innerAlgorithm == delegate.outerAlgorithm,
            issuer.hasSigned(
                delegate.signedBytes, signature: delegate.signature, algorithm: delegate.outerAlgorithm)
        else { return "is not issued by \(issuer.shownName)" }
        guard delegate.meaning.purposes?.contains(.ocspSigning) == true else {
            return "may not answer for it: its extKeyUsage has no OCSPSigning"
        }
        if let keyUsage = delegate.meaning.keyUsage, !keyUsage.digitalSignature {
            return "may not sign: its keyUsage has no digitalSignature"
        }
        guard delegate.notBefore <= now + clockSkew, now < delegate.end else {
            return "is valid from \(delegate.notBefore) to \(delegate.end) only"
        }
        if let problem = delegate.meaning.problems.first ?? delegate.keyProblem { return problem }
        guard delegate.extensions.contains(where: { $0.identifier == .ocspNoCheck }) else {
            return "may itself have been withdrawn: it has no ocsp-nocheck"
        }
        return nil
    }

    // MARK: Reading

    private static func basicResponse(_ der: [UInt8]) throws -> ArraySlice<UInt8> {
        var document = DERReader(der[...])
        let response = try document.next("the answer", tag: DERTag.sequence)
        try document.expectEnd("the answer")
        var reader = response.reader
        let status = try reader.next("responseStatus", tag: DERTag.enumerated).smallNumber("responseStatus")
        guard status == 0 else { throw OCSPProblem("the responder says: \(words(ofStatus: status))") }
        var wrapper = try reader.next("responseBytes", tag: DERTag.constructed(0)).reader
        try reader.expectEnd("the answer")
        var parts = try wrapper.next("responseBytes", tag: DERTag.sequence).reader
        try wrapper.expectEnd("responseBytes")
        let type = try parts.next("responseType", tag: DERTag.objectIdentifier).objectIdentifier(
            "responseType")
        let content = try parts.next("response", tag: DERTag.octetString).content
        try parts.expectEnd("responseBytes")
        guard type == .ocspBasic else { throw OCSPProblem("the answer is of the kind \(type), not basic") }
        return content
    }

    /// Section 4.2.1, OCSPResponseStatus.
    private static func words(ofStatus status: Int) -> String {
        switch status {
        case 1: "malformed request"
        case 2: "internal error"
        case 3: "try later"
        case 5: "the request should have been signed"
        case 6: "not authorised to answer for this issuer"
        default: "status \(status)"
        }
    }

    private static func list(_ tagged: DERElement?, _ what: String) throws -> [DERElement] {
        guard let tagged else { return [] }
        var wrapper = tagged.reader
        var reader = try wrapper.next(what, tag: DERTag.sequence).reader
        try wrapper.expectEnd(what)
        var elements: [DERElement] = []
        while !reader.isAtEnd {
            elements.append(try reader.next("a certificate", tag: DERTag.sequence))
            guard elements.count <= maximumCertificates else {
                throw OCSPProblem("the answer has more than \(maximumCertificates) certificates with it")
            }
        }
        return elements
    }

    private static func responder(_ element: DERElement) throws(DERError) -> Responder {
        var reader = element.reader
        switch element.tag {
        case DERTag.constructed(1):
            let name = try DirectoryName(try reader.next("the responder's name"), "the responder's name")
            try reader.expectEnd("the responder's name")
            return .name(name)
        case DERTag.constructed(2):
            let hash = try reader.next("the responder's key", tag: DERTag.octetString).content
            try reader.expectEnd("the responder's key")
            return .key(hash)
        default: throw element.failure("the responder is neither a name nor a key")
        }
    }

    private static func singles(_ list: DERElement) throws(DERError) -> [Single] {
        var singles: [Single] = []
        var reader = list.reader
        while !reader.isAtEnd {
            var parts = try reader.next("an answer", tag: DERTag.sequence).reader
            let identifier = try parts.next("a certificate's identifier", tag: DERTag.sequence)
            let standing = try standing(try parts.next("a certificate's status"))
            let thisUpdate = try parts.next("thisUpdate", tag: DERTag.generalizedTime).time("thisUpdate")
            var until = thisUpdate + usualLife
            if let tagged = try parts.optional("nextUpdate", tag: DERTag.constructed(0)) {
                var inner = tagged.reader
                until = try inner.next("nextUpdate", tag: DERTag.generalizedTime).time("nextUpdate")
                try inner.expectEnd("nextUpdate")
            }
            let extensions = try extensions(
                try parts.optional("an answer's extensions", tag: DERTag.constructed(1)))
            try parts.expectEnd("an answer")
            singles.append(
                Single(
                    identifier: identifier,
                    answer: OCSPAnswer(standing: standing, thisUpdate: thisUpdate, until: until),
                    hasUnknownCritical: extensions.contains(where: \.isCritical)))
        }
        return singles
    }

    private static func standing(_ element: DERElement) throws(DERError) -> OCSPAnswer.Standing {
        switch element.tag {
        case DERTag.context(0) where element.content.isEmpty: return .good
        case DERTag.constructed(1):
            var reader = element.reader
            let time = try reader.next("revocationTime", tag: DERTag.generalizedTime).time("revocationTime")
            _ = try reader.optional("revocationReason", tag: DERTag.constructed(0))
            try reader.expectEnd("a revocation")
            return .revoked(since: time)
        case DERTag.context(2) where element.content.isEmpty: return .unknown
        default: throw element.failure("a certificate's status is none of good, revoked and unknown")
        }
    }

    private static func extensions(_ tagged: DERElement?) throws(DERError) -> [DecodedCertificate.Extension] {
        guard let tagged else { return [] }
        var wrapper = tagged.reader
        let list = try wrapper.next("the extensions", tag: DERTag.sequence)
        try wrapper.expectEnd("the extensions")
        return try DecodedCertificate.list(of: list)
    }
}
