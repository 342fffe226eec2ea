package grant

// withMember adds a member that is true to the object that the body is. Text that is no
// object stays as it is.
func withMember(body []byte, name string) []byte {
	for i, letter := range body {
		switch letter {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return insertMember(body, name, i+1)
		}
		break
	}
	return body
}

func insertMember(body []byte, name string, at int) []byte {
	member := `"` + name + `":true`
	for _, letter := range body[at:] {
		switch letter {
		case ' ', '\t', '\r', '\n':
			continue
		case '}':
		default:
			member += ","
		}
		break
	}
	return append(append(append([]byte(nil), body[:at]...), member...), body[at:]...)
}
