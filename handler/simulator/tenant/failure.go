package tenant

import (
	"fmt"
	"net/http"
	"strings"
)

// Languages in which error texts come; Exchange may localize them (inferred), so nothing should
// decide on a text.
const (
	english = iota
	german
	french
	japanese
	languages
)

// failure is one refusal of a cmdlet. The types of not-found, already-exists, ambiguous parameters,
// bad values and dehydration are what the live service sends; the others, and every text, are
// inferred and stand nowhere but here.
type failure struct {
	status     int
	code       string
	detailCode string
	exception  string
	texts      [languages]string
	subject    string
}

// Error is the English text.
func (f failure) Error() string { return f.message(english) }

func (f failure) message(language int) string {
	text := f.texts[language]
	if text == "" {
		text = f.texts[english]
	}
	if !strings.Contains(text, "%s") {
		return text
	}
	return fmt.Sprintf(text, f.subject)
}

// The two families of exceptions that the admin endpoint names most.
const (
	taskSpace     = "Microsoft.Exchange.Configuration.Tasks."
	endpointSpace = "Microsoft.Exchange.Admin.OData.Core."
)

// newFailure is a refusal as most of them come: status 400, and the client's fault. The texts are
// English, German, French and Japanese, as far as there are any; "%s" stands for the subject.
func newFailure(exception, subject string, texts ...string) failure {
	made := failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", exception: exception, subject: subject,
	}
	copy(made.texts[:], texts)
	return made
}

func notFound(identity string) failure {
	made := newFailure(taskSpace+"ManagementObjectNotFoundException", identity,
		"The operation couldn't be performed because object '%s' couldn't be found.",
		"Der Vorgang konnte nicht ausgeführt werden, weil das Objekt '%s' nicht gefunden wurde.",
		"L'opération n'a pas pu être effectuée, car l'objet « %s » est introuvable.",
		"オブジェクト '%s' が見つからなかったため、操作を実行できませんでした。")
	made.status, made.code = http.StatusNotFound, "NotFound"
	return made
}

func ambiguousIdentity(identity string) failure {
	return newFailure(taskSpace+"ManagementObjectAmbiguousException", identity,
		"The operation couldn't be performed because '%s' matches multiple entries.",
		"Der Vorgang konnte nicht ausgeführt werden, weil '%s' mit mehreren Einträgen übereinstimmt.")
}

func alreadyExists(name string) failure {
	made := newFailure("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException", name,
		"The object '%s' already exists in the directory.",
		"Das Objekt '%s' ist bereits im Verzeichnis vorhanden.",
		"L'objet « %s » existe déjà dans l'annuaire.")
	made.detailCode = "Context"
	return made
}

func badParameters(what string) failure {
	return newFailure(endpointSpace+"CommandInvocation.AmbiguousParameterSetException", what,
		"Parameter set cannot be resolved using the specified named parameters: %s",
		"Der Parametersatz kann mit den angegebenen Parametern nicht aufgelöst werden: %s")
}

func badValue(what string) failure {
	return newFailure(endpointSpace+"CommandInvocation.ParameterTransformationException", what,
		"Cannot process argument transformation: %s",
		"Die Argumenttransformation kann nicht verarbeitet werden: %s")
}

func scopeInUse(name string) failure {
	return newFailure(taskSpace+"TaskInvalidOperationException", name,
		"The management scope '%s' can't be removed because it's in use by role assignments.",
		"Der Verwaltungsbereich '%s' kann nicht entfernt werden, da er von Rollenzuweisungen verwendet wird.")
}

func invalidPrincipal(objectID string) failure {
	return newFailure(taskSpace+"RecipientTaskException", objectID,
		"The service principal '%s' with this AppId wasn't found in Microsoft Entra ID.",
		"Der Dienstprinzipal '%s' mit dieser AppId wurde in Microsoft Entra ID nicht gefunden.")
}

func dehydrated() failure {
	return newFailure(taskSpace+"InvalidOperationInDehydratedContextException", "",
		"This operation isn't available in this organization. Run Enable-OrganizationCustomization first.",
		"Dieser Vorgang ist in dieser Organisation nicht verfügbar. Führen Sie zuerst Enable-OrganizationCustomization aus.")
}

func noDelegation(role string) failure {
	return newFailure(taskSpace+"TaskInvalidOperationException", role,
		"You don't have access to create, change, or remove the '%s' management role assignment. You must be assigned a delegating role assignment to the role.",
		"Sie benötigen eine delegierende Rollenzuweisung für die Verwaltungsrolle '%s'.")
}

func expiredPages() failure {
	return newFailure(endpointSpace+"ODataServiceException", "",
		"Expired or Invalid pagination request. The default expiry time is 00:30:00.",
		"Abgelaufene oder ungültige Paginierungsanforderung. Die Standardablaufzeit ist 00:30:00.")
}
