package classlist

import "cultuurdag/enroll"

// Entered returns a student that somebody typed as a row of a list with the
// same in its cells would have it. The year, where it is 0, comes from the class.
func Entered(st enroll.Student) enroll.Student {
	st.Number = number(clean(st.Number))
	st.FirstName, st.Infix, st.LastName = clean(st.FirstName), clean(st.Infix), clean(st.LastName)
	st.Class, st.Email = clean(st.Class), clean(st.Email)
	if st.Year == 0 {
		st.Year = firstNumber(st.Class)
	}
	return st
}
