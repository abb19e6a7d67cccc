/// Currencies of ISO 4217 and the symbols by which they go.
enum Currencies {
    static let codes = Set(
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
        CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
        HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA \
        MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD \
        RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX \
        USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
        """.split(separator: " ").map(String.init))

    static let withThreeDecimals: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]

    /// The currencies that a code or a symbol may mean.
    static func meanings(_ name: String) -> Set<String> {
        let upper = name.uppercased()
        if codes.contains(upper) { return [upper] }
        return symbols[upper] ?? []
    }

    /// By symbol in upper case.
    private static let symbols: [String: Set<String>] = [
        "$": [
            "USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP", "TWD", "BSD", "BBD", "BMD", "BND",
            "BZD",
            "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD", "TTD", "UYU", "XCD", "DOP", "CUP",
        ],
        "US$": ["USD"], "$US": ["USD"], "CA$": ["CAD"], "C$": ["CAD"], "A$": ["AUD"], "AU$": ["AUD"], "NZ$": ["NZD"],
        "HK$": ["HKD"], "S$": ["SGD"], "SG$": ["SGD"], "R$": ["BRL"], "MX$": ["MXN"], "NT$": ["TWD"],
        "€": ["EUR"], "EURO": ["EUR"], "EUROS": ["EUR"],
        "£": ["GBP", "EGP", "FKP", "GIP", "SHP", "LBP", "SYP", "SDG", "SSP"],
        "¥": ["JPY", "CNY"], "￥": ["JPY", "CNY"], "円": ["JPY"], "元": ["CNY"], "₹": ["INR"],
        "RS": ["INR", "PKR", "LKR", "NPR", "MUR"],
        "RS.": ["INR", "PKR", "LKR", "NPR", "MUR"], "₽": ["RUB"], "РУБ": ["RUB"], "РУБ.": ["RUB"], "₩": ["KRW"],
        "원": ["KRW"],
        "₺": ["TRY"], "TL": ["TRY"], "₴": ["UAH"], "₫": ["VND"], "฿": ["THB"], "₪": ["ILS"], "₦": ["NGN"], "₱": ["PHP"],
        "₡": ["CRC"], "₲": ["PYG"], "₵": ["GHS"], "₸": ["KZT"], "₼": ["AZN"], "₾": ["GEL"], "₭": ["LAK"], "₮": ["MNT"],
        "KR": ["SEK", "NOK", "DKK", "ISK"], "KR.": ["SEK", "NOK", "DKK", "ISK"], "ZŁ": ["PLN"], "KČ": ["CZK"],
        "FT": ["HUF"],
        "LEI": ["RON", "MDL"], "ЛВ": ["BGN"], "ЛВ.": ["BGN"], "FR.": ["CHF"], "SFR.": ["CHF"], "RM": ["MYR"],
        "RP": ["IDR"],
        "R": ["ZAR"],
    ]
}
