package scheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const offline = `{"rounds": 2,
 "workshops": [{"id": "w0", "title": "Graffiti", "years": [8, 9], "classes": ["3A"], "sessions": [{"round": 1, "capacity": 2, "minimum": 1}]},
               {"id": "w1", "sessions": [{"round": 1, "capacity": 2}, {"round": 2, "capacity": 2}]}],
 "students": [{"id": "s0", "class": "3A", "year": 9, "wishes": ["w1", "w0"], "fixed": {"2": "w1"}}],
 "costs": {"rank": [0, 1], "unranked": 25, "obtained": [200, 30, 0]}}`

func TestReadInstance(t *testing.T) {
	in, err := ReadInstance(strings.NewReader(offline))
	if err != nil {
		t.Fatal(err)
	}
	if in.Workshops[0].Sessions[0] != (Session{1, 2, 1}) || in.Students[0].Fixed[2] != "w1" || in.Costs.Obtained[1] != 30 {
		t.Errorf("read as %+v", in)
	}
}

func TestBadInstances(t *testing.T) {
	for _, c := range []struct{ old, new, fault string }{
		{`"rounds": 2`, `"rounds": 5`, "rounds: 5 is not 1 to 4"},
		{`"w1", "sessions"`, `"w0", "sessions"`, `workshops[1].id: "w0" stands here twice`},
		{`"w1", "sessions"`, `"", "sessions"`, "workshops[1].id: is empty"},
		{`{"round": 2,`, `{"round": 3,`, "workshops[1].sessions[1].round: there is no round 3"},
		{`{"round": 2,`, `{"round": 1,`, "workshops[1].sessions[1].round: round 1 stands here twice"},
		{`"minimum": 1`, `"minimum": 3`, "workshops[0].sessions[0].minimum: 3 is not 0 to the capacity, 2"},
		{`"capacity": 2}, `, `"capacity": -1}, `, "workshops[1].sessions[0].capacity: -1 is not 0 to 100000"},
		{`{"round": 2, "capacity": 2}`, `{"round": 2, "capacity": 0}`, `workshops[1].sessions[1].capacity: 1 places of "w1" in round 2 are fixed, and there are 0`},
		{`["w1", "w0"]`, `["w1", "w9"]`, `students[0].wishes[1]: there is no workshop "w9"`},
		{`["w1", "w0"]`, `["w1", "w1"]`, `students[0].wishes[1]: workshop "w1" stands here twice`},
		{`"s0"`, `""`, "students[0].id: is empty"},
		{`{"2": "w1"}`, `{"2": "w0"}`, `students[0].fixed[2]: workshop "w0" is not given in round 2`},
		{`{"2": "w1"}`, `{"2": "w9"}`, `students[0].fixed[2]: there is no workshop "w9"`},
		{`{"2": "w1"}`, `{"3": "w1"}`, "students[0].fixed[3]: there is no round 3"},
		{`{"2": "w1"}`, `{"1": "w1", "2": "w1"}`, `students[0].fixed[2]: workshop "w1" is fixed in two rounds`},
		{`"students": [`, `"students": [{"id": "s0", "wishes": []}, `, `students[1].id: "s0" stands here twice`},
		{`"rank": [0, 1]`, `"rank": [0, -1]`, "costs.rank[1]: -1 is not 0 to 1000000"},
		{`"unranked": 25`, `"unranked": 2500000`, "costs.unranked: 2500000 is not 0 to 1000000"},
		{`"years": [8, 9]`, `"year": [8, 9]`, `unknown field "year"`},
		{`200, 30, 0]}}`, `200, 30, 0]}} x`, "something follows it"},
		{`"round": 1`, `"round": "1"`, "cannot unmarshal"},
		{`"round": 1`, `"round": 1.5`, "cannot unmarshal"},
	} {
		text := strings.Replace(offline, c.old, c.new, 1)
		if text == offline {
			t.Fatalf("%s is not there to be replaced", c.old)
		}
		if _, err := ReadInstance(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, not %s", c.new, err, c.fault)
		}
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	in := Instance{Rounds: 9, Workshops: []Workshop{{ID: ""}}, Students: []Student{{ID: "s", Wishes: []string{"x", "x"}}}}
	var bad *InstanceError
	if err := in.Check(); !errors.As(err, &bad) || len(bad.Faults) != 5 {
		t.Errorf("not all of five faults: %v", err)
	}
}

func FuzzReadInstance(f *testing.F) {
	f.Add([]byte(offline))
	f.Add([]byte(`{"rounds": 1, "workshops": [], "students": []}`))
	f.Add([]byte(`{"rounds": 4, "workshops": [{"id": "a", "sessions": null}], "students": [{"id": "s", "fixed": {"-1": ""}}]} `))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := ReadInstance(bytes.NewReader(b))
		if err != nil {
			return
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadInstance(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if in.Costs == nil {
			again = withFair(again)
		}
		if len(again.Students) > 20 || len(again.Workshops) > 10 {
			return
		}
		s, err := Solve(t.Context(), again, Options{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, fault := range check(again, s) {
			t.Errorf("%s: %s", text, fault)
		}
	})
}
