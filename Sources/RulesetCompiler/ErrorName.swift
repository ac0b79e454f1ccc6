/// The symbolic names of the errors that netlink and nf_tables answer with.
package enum ErrorName {
    private static let names: [Int32: String] = [
        1: "EPERM", 2: "ENOENT", 4: "EINTR", 5: "EIO", 7: "E2BIG", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES",
        16: "EBUSY", 17: "EEXIST", 19: "ENODEV", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 27: "EFBIG",
        28: "ENOSPC", 31: "EMLINK", 34: "ERANGE", 40: "ELOOP", 75: "EOVERFLOW", 85: "ERESTART",
        90: "EMSGSIZE",
        95: "EOPNOTSUPP", 97: "EAFNOSUPPORT", 104: "ECONNRESET", 105: "ENOBUFS", 110: "ETIMEDOUT",
        114: "EALREADY",
    ]

    /// `ENOENT`, or `errno 123` for one without a name here.
    package static func of(_ errno: Int32) -> String { names[errno] ?? "errno \(errno)" }
}
