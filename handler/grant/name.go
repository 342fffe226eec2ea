package grant

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
)

// IDLength is the length of a grant's id: 100 bits in base32.
const IDLength = 20

// NewID derives a grant's id from where the request came from and the key that
// makes it one request there, so that the same delivery always meets the same row.
func NewID(source, key string) string {
	// The length prefix keeps ("a", "bc") and ("ab", "c") apart.
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%s", len(source), source, key))
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
	return strings.ToLower(text[:IDLength])
}

var idShape = regexp.MustCompile(`^[a-z2-7]{20}$`)

// IsID reports whether text has the shape of a grant's id.
func IsID(text string) bool { return idShape.MatchString(text) }

var installationShape = regexp.MustCompile(`^[a-z0-9]{6}$`)

// IsInstallation reports whether text can be an installation's mark: six lower-case
// letters or digits.
func IsInstallation(text string) bool { return installationShape.MatchString(text) }

// RemoteName is the name of the grant's object number nn in the tenant. It is
// chosen before anything is made, so that whatever survives a crash can be found
// by name. Exchange allows 64 characters; this has 33.
func RemoteName(installation, id string, number int) string {
	return fmt.Sprintf("mg-%s-%s-%02d", installation, id, number)
}

// ParseRemoteName returns the grant's id out of a remote name of this installation;
// false for every other name, another installation's among them.
func ParseRemoteName(installation, name string) (string, bool) {
	rest, ours := strings.CutPrefix(strings.ToLower(name), "mg-"+installation+"-")
	id, number, found := strings.Cut(rest, "-")
	return id, ours && found && IsID(id) && numberShape.MatchString(number)
}

var numberShape = regexp.MustCompile(`^[0-9]{2,3}$`)
