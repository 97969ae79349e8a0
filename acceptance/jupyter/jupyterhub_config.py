"""A hub for the acceptance test: loopback only, in memory, a clean one at each start.

Run it in a folder of its own: the home folders of its users go there.
"""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)

c.JupyterHub.ip = "127.0.0.1"
c.JupyterHub.port = 8000
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = 8081
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"

# The hub would put lost routes back by itself, and J3 is about a route that stays lost until somebody asks.
c.JupyterHub.last_activity_interval = 0
# Starting a server is always answered at once (202), so that a test has to wait for it; stopping one only when it is done (204).
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0, "slow_stop_timeout": 60}

c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(os.getcwd(), "home", "{username}")
c.Spawner.args = ["--allow-root", "--HubOAuth.cache_max_age=5"]
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120

# A proxy of the hub's own would be started again when it is stopped; the test stops it on purpose.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8099"
c.ConfigurableHTTPProxy.auth_token = os.environ["CONFIGPROXY_AUTH_TOKEN"]

# What the test may do.
c.JupyterHub.services = [{"name": "callboard", "api_token": os.environ["HUB_TOKEN"]}]
c.JupyterHub.load_roles = [
    {
        "name": "callboard",
        "services": ["callboard"],
        "scopes": ["admin:users", "admin:servers", "admin:groups", "tokens", "proxy"],
    }
]
