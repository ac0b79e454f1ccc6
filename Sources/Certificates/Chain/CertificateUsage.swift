/// What a certificate is to be good for.
package enum CertificateUsage: String, Sendable, CaseIterable {
    case clientAuth = "client-auth"
    case serverAuth = "server-auth"

    var purpose: ObjectIdentifier { self == .clientAuth ? .clientAuth : .serverAuth }

    var words: String { self == .clientAuth ? "client authentication" : "server authentication" }
}
