package enroll

// Plan gives every student a workshop in every round.
type Plan struct {
	// Places holds for each student id the workshop ids in the order of the
	// rounds; "" where no place could be found.
	Places map[string][]string
	// Cancelled are the sessions that stayed below their minimum.
	Cancelled []SessionKey
}
