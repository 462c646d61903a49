package enroll

// Provider is who runs an installation: it stands on the privacy page, on
// slips and on lists. The zero Provider is a program that nobody signed.
type Provider struct {
	Name    string `json:"name"`
	Address string `json:"address"` // on one line: street and number, postcode, place
	Email   string `json:"email"`
	Phone   string `json:"phone"`

	// Officer is how to reach the data protection officer, a name or an e-mail
	// address; "" where there is none.
	Officer string `json:"data_protection_officer"`
	// Role under the GDPR: controller, or processor on behalf of the schools.
	Role string `json:"role"`
	// CopiesDays is for how many days a copy of the keystore may live in a backup; 0:
	// none is made; nil: not stated. It stands on certificates.
	CopiesDays *int `json:"keystore_copies_days,omitempty"`
	// Colour of headings and buttons, #rrggbb, or "" for the built-in one.
	Colour string `json:"colour"`
	// Logo is a PNG or JPEG, or nil.
	Logo []byte `json:"-"`
}
