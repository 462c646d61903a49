package crypto

// Values that an earlier version of the program stored under fixedKeys. They
// change only when stored data can no longer be read.
const (
	goldenRecord      = "000102030405060708090a0b0c0d0e0f0000000000000003ad1041c66bd0dc347c9d737db5cca78d7d684de9b3fe699fd7aaab84b739a7cf18dede1da1604ced0020c177"
	goldenMAC         = "c91c99beab749d974b0fba86bc77037a"
	goldenFingerprint = "4d4beda20546bcc1"
)
