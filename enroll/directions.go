package enroll

import "strings"

// Way returns what the event's directions say about a room: the lines that
// begin with its name and a colon, without these. The other lines, those about
// none of the programme's rooms, are Way of "".
func (e Event) Way(p Programme, room string) string {
	rooms := map[string]bool{}
	for _, w := range p.Workshops {
		for _, s := range w.Sessions {
			rooms[foldRoom(s.Room)] = true
		}
	}
	delete(rooms, "")
	var way []string
	for line := range strings.Lines(e.Directions) {
		line = strings.TrimSpace(line)
		about, text, _ := strings.Cut(line, ":")
		if about = foldRoom(about); !rooms[about] {
			about, text = "", line
		}
		if text = strings.TrimSpace(text); text != "" && about == foldRoom(room) {
			way = append(way, text)
		}
	}
	return strings.Join(way, "\n")
}

// foldRoom makes a room's name the same however it is written.
func foldRoom(room string) string { return strings.ToLower(strings.Join(strings.Fields(room), " ")) }
