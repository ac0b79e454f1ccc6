import Sessions

/// Codes in live sessions, as the daemon and the command line say them.
extension ControlMessages {
    struct StepUpArguments: Codable {
        var session: String
        /// By name; nil for the user's own code.
        var tenant: String?
        var code: Code
    }

    /// A one-time code on its way through the socket: in clear there and nowhere else.
    struct Code: Codable, CustomStringConvertible, CustomReflectable {
        var secret: Secret

        init(_ secret: Secret) { self.secret = secret }

        init(from decoder: any Decoder) throws {
            secret = Secret(try decoder.singleValueContainer().decode(String.self).utf8)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(secret.withBytes { String(decoding: $0, as: UTF8.self) })
        }

        var description: String { secret.description }
        var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// A code was accepted; what follows from it now.
    struct SteppedUp: Codable {
        var session: String
        /// Nil when no class matched.
        var `class`: String?
        var grants: [Grant]
        var withheld: [Withheld]
        /// When it is decided anew; nil for never.
        var until: String?
        /// Nanoseconds since 1970 by the gateway's clock, read right after the kernel's acknowledgement.
        var committedAt: Int64
    }
}
