package import Sessions

extension TOTPSeed {
    /// The key as people type it into an authenticator: base32, without padding.
    package var base32: Secret { withKey { Secret(BinaryText.base32.encode($0, isPadded: false)) } }

    /// What an authenticator reads from a QR code: `otpauth://totp/Issuer:user?secret=...` (the "Key URI Format" that
    /// Google Authenticator's documentation describes). All parameters are written out, also those that are usual.
    ///
    /// Nil when the user's name or the issuer is empty or has a colon, which divides the two in the label.
    package func enrolmentURI(user: String, issuer: String) -> Secret? {
        for name in [user, issuer] where name.isEmpty || name.utf8.contains(UInt8(ascii: ":")) { return nil }
        let issuer = Self.escaped(issuer)
        var text = Array("otpauth://totp/".utf8) + issuer + Array(":".utf8) + Self.escaped(user)
        text += "?secret=".utf8
        base32.withBytes { text += $0 }
        text += "&issuer=".utf8
        text += issuer
        text += "&algorithm=\(algorithm.rawValue.uppercased())&digits=\(digits)&period=\(period)".utf8
        return Secret(text)
    }

    /// RFC 3986 section 2.3: all but the unreserved characters is written as `%` and two digits, the space too: apps
    /// show a `+` as it is.
    private static func escaped(_ text: String) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return text.utf8.flatMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                [byte]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
}
