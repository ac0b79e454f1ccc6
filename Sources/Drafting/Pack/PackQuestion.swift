/// What must be known to write a pack, in the order in which it is asked. The raw value names the option.
package enum PackQuestion: String, Sendable, Hashable, CaseIterable {
    case name
    case networks
    case authority
    case proxy
    case resolver
    case system
    case helpDesk = "help-desk"
    case code
    case vendors
    case vendorAuthority = "vendor-authority"
    case zone
    case tunnel
    case management

    /// What is asked, in a few words.
    package var prompt: String {
        switch self {
        case .name: "Name of the organisation"
        case .networks: "Your own networks"
        case .authority: "Certificate authority of your laptops"
        case .proxy: "Web proxy"
        case .resolver: "DNS resolver"
        case .system: "A system that people work with"
        case .helpDesk: "Help desk"
        case .code: "How long a one-time code lasts"
        case .vendors: "Do vendors connect?"
        case .vendorAuthority: "Certificate authority of your vendors"
        case .zone: "Time zone of their hours"
        case .tunnel: "Tunnel interface of the VPN"
        case .management: "Management socket of OpenVPN"
        }
    }

    /// What to write, and why it is asked.
    package var help: String {
        switch self {
        case .name: "As people know it. It stands in comments and in reports."
        case .networks: "Such as 10.10.0.0/16, fd10:10::/32. No rule can open anything outside them."
        case .authority:
            "A file with its certificate (PEM), or the SHA-256 digest of that: 64 digits. 'later' for neither: nobody "
                + "gets in until you put it into authorities.yaml."
        case .proxy: "Address and port, such as 10.10.0.80:3128. The only way to the internet."
        case .resolver: "Its address."
        case .system:
            "A name, an address and a port, such as intranet 10.10.0.20:443. You can add more afterwards."
        case .helpDesk: "What people who are refused are told to do, such as: Call 01234 555 100."
        case .code: "Such as 12h. After that the session keeps nothing until a new code is typed."
        case .vendors: "yes or no. Each vendor has a file of its own, with its contract, systems and hours."
        case .vendorAuthority: "As for your laptops; it should be another one."
        case .zone: "By its name in the IANA database, such as Europe/London."
        case .tunnel: "Such as tun0."
        case .management: "The path of its socket."
        }
    }

    /// What nothing typed stands for. The later ones follow from the earlier answers.
    package func usual(_ answers: PackAnswers) -> String {
        switch self {
        case .name: "Example Council"
        case .networks: "10.10.0.0/16"
        case .authority, .vendorAuthority: "later"
        case .proxy: answers.endpoint(80, port: 3128)
        case .resolver: answers.host(53)
        case .system: "intranet \(answers.endpoint(20, port: 443))"
        case .helpDesk: "Call the help desk."
        case .code: "12h"
        case .vendors: "no"
        case .zone: "Europe/London"
        case .tunnel: "tun0"
        case .management: "/run/openvpn/office/management.sock"
        }
    }

    /// Whether the earlier answers leave it open.
    package func isAsked(_ answers: PackAnswers) -> Bool {
        switch self {
        case .vendorAuthority, .zone: answers.hasVendors
        default: true
        }
    }
}
