"""One server with the demonstration data and three people for all tests of a run."""

import pytest
from harness import Person, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory, request):
    name = "-".join(["server", *sorted({item.path.parent.name for item in request.session.items})])
    server = Server(tmp_path_factory.mktemp("server"), name)
    server.run("seed", "demo")
    server.add_user("ana")
    server.add_user("bruno")
    server.add_user("chefe", admin=True)
    server.start()
    yield server
    server.stop()


def person(name, *options):
    @pytest.fixture(scope="session", name=name)
    def fixture(server):
        return Person(server, name, server.token(name, *options))

    return fixture


ana = person("ana")
bruno = person("bruno")
chefe = person("chefe", "--scopes", "read,upload,run,admin")
